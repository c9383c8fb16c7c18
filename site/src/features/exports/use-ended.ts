import { useEffect, useRef, useState } from "react";
import type { Export } from "../../../../functions/_shared/contracts/exports.ts";
import { isUnderWay, STATUS } from "./labels.ts";

/** What is to be read out: which export ended last, and how. */
export function useEnded(exports: readonly Export[] | null): string {
  const before = useRef(new Map<string, Export["status"]>());
  const [said, setSaid] = useState("");
  useEffect(() => {
    for (const one of exports ?? []) {
      const was = before.current.get(one.id);
      before.current.set(one.id, one.status);
      if (was !== undefined && was !== one.status && !isUnderWay(one)) {
        setSaid(`${one.file_name}: ${STATUS[one.status].label}`);
      }
    }
  }, [exports]);
  return said;
}
