import { FileDown } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { useAllows } from "../../ui/context.tsx";
import type { ListSpec } from "../list/spec.ts";
import type { ListState } from "../list/use-list.ts";

const ExportDialog = lazy(() => import("./ExportDialog.tsx"));

type Props<T> = { spec: ListSpec; state: ListState<T>; noun: readonly [string, string] };

/** Asks for a file of the list as it is filtered now; not for viewers, and not of nothing. */
export function ExportButton<T>({ spec, state, noun }: Props<T>) {
  const mayExport = useAllows("member");
  const [open, setOpen] = useState(false);
  const total = state.loaded.list?.page.total;
  if (!mayExport || !total || total.count === 0) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <FileDown aria-hidden="true" />
        Export
      </Button>
      {open ? (
        <Suspense>
          <ExportDialog
            path={spec.path}
            params={state.params}
            total={total}
            noun={noun}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}
