import { useEffect } from "react";
import { singleKeysOn } from "../../lib/single-keys.ts";

/** Whether keys pressed here are text, or belong to a dialog or a menu. */
function isBusy(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      "input:not([type=checkbox]), select, textarea, [contenteditable], dialog, [role=menu], [popover]",
    ) !== null
  );
}

/**
 * The keys of a list: `/` to the search field; j and k, and the arrows once a row has the focus, from row
 * to row (Enter opens, as on any link); x selects. Whoever turned single keys off has none of them.
 */
export function useRowKeys(onToggle?: (index: number) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!singleKeysOn() || event.metaKey || event.ctrlKey || event.altKey || isBusy(event.target))
        return;
      const links = [...document.querySelectorAll<HTMLElement>("[data-row-link]")].filter((link) =>
        link.checkVisibility(),
      );
      const current = links.indexOf(document.activeElement as HTMLElement);
      if (event.key === "/") document.querySelector<HTMLElement>("[data-list-search]")?.focus();
      else if (event.key === "j" || (event.key === "ArrowDown" && current >= 0))
        links[current + 1]?.focus();
      else if (event.key === "k" || (event.key === "ArrowUp" && current >= 0))
        links[current - 1]?.focus();
      else if (event.key === "x" && current >= 0 && onToggle) onToggle(current);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onToggle]);
}
