import type { ReactNode } from "react";
import { buttonStyle } from "../../ui/button-style.ts";
import { cn } from "../../ui/cn.ts";
import { LocalLink } from "./LocalLink.tsx";
import { type ListSpec, searchOf, withParams } from "./spec.ts";
import type { ListState } from "./use-list.ts";

type Props<T> = { spec: ListSpec; state: ListState<T>; icon: ReactNode };

/** To the trash and back. */
export function TrashTabs<T>({ spec, state, icon }: Props<T>) {
  const inTrash = state.params.has("deleted");
  const href = searchOf(withParams(spec, state.params, { deleted: inTrash ? null : "only" }));
  return (
    <LocalLink
      href={href || "?"}
      onOpen={(to) => state.open(to === "?" ? "" : to)}
      aria-current={inTrash ? "true" : undefined}
      className={cn("ms-auto", inTrash && "bg-hover", buttonStyle({ variant: "ghost" }))}
    >
      {icon}
      <span className="max-sm:sr-only">{inTrash ? "Leave the trash" : "Trash"}</span>
    </LocalLink>
  );
}
