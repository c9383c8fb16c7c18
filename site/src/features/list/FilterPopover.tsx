import { ChevronDown, X } from "lucide-react";
import { type ReactNode, useId } from "react";
import { buttonStyle } from "../../ui/button-style.ts";
import { cn } from "../../ui/cn.ts";
import { LocalLink } from "./LocalLink.tsx";

type Props = {
  label: string;
  /** What is chosen, in short; null when nothing is. */
  value: string | null;
  /** The address without this filter, and who opens it. */
  clearHref: string;
  onOpen: (href: string) => void;
  children: ReactNode;
};

/** A filter: a button that says what is chosen, and the browser's own popover to choose in. */
export function FilterPopover({ label, value, clearHref, onOpen, children }: Props) {
  const id = useId();
  return (
    <div
      className={cn(
        "flex max-w-full max-sm:order-1",
        value && "rounded-md border border-accent/30 bg-accent-soft text-accent-text",
      )}
    >
      <button
        type="button"
        popoverTarget={id}
        className={cn(
          value
            ? "flex h-8 min-w-0 items-center gap-1 rounded-md ps-2.5 text-sm pointer-coarse:h-10"
            : buttonStyle({ size: "filter" }),
        )}
      >
        <span className={cn(value && "font-medium")}>{label}</span>
        {value ? (
          <span className="truncate" dir="auto">
            <span aria-hidden="true">· </span>
            <span className="sr-only">: </span>
            {value}
          </span>
        ) : (
          <ChevronDown className="!size-3 text-faint" aria-hidden="true" />
        )}
      </button>
      {value ? (
        <LocalLink
          href={clearHref}
          onOpen={onOpen}
          aria-label={`Clear filter: ${label}`}
          className="flex w-7 items-center justify-center rounded-md hover:bg-accent/10 pointer-coarse:w-10"
        >
          <X className="size-3.5" aria-hidden="true" />
        </LocalLink>
      ) : null}
      <div
        id={id}
        popover="auto"
        className="z-30 w-64 overflow-visible rounded-lg bg-raised p-3 text-ink shadow-raised [position-area:bottom_span-right] [position-try-fallbacks:flip-inline] supports-[position-area:bottom]:m-0 supports-[position-area:bottom]:mt-1.5"
      >
        {children}
      </div>
    </div>
  );
}
