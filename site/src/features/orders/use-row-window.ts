import { useWindowVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { type RefObject, useLayoutEffect, useRef, useState } from "react";

/** Fewer rows are all there: the browser then finds every word on the page. */
const ALL_UP_TO = 100;
const USUAL_HEIGHT = 48;
/** Rows beyond the window's edges, so that the next field is there before Tab asks for it. */
const BEYOND = 8;
/** Frames until a row that was scrolled to is there. */
const PATIENCE = 30;

export type RowPlace = { index: number; top: number };

/**
 * Which rows of a long list exist: those in sight and around it, and the one that has the focus.
 * @param keyOf what stays with a row wherever it moves.
 */
export function useRowWindow(
  list: RefObject<HTMLElement | null>,
  count: number,
  keyOf: (index: number) => string,
) {
  const enabled = count > ALL_UP_TO;
  const focused = useRef<number | null>(null);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    if (enabled && list.current) setMargin(list.current.getBoundingClientRect().top + scrollY);
  });
  const rows = useWindowVirtualizer({
    enabled,
    count,
    estimateSize: () => USUAL_HEIGHT,
    getItemKey: keyOf,
    overscan: BEYOND,
    scrollMargin: margin,
    rangeExtractor({ startIndex, endIndex, overscan }) {
      const first = Math.max(0, startIndex - overscan);
      const last = Math.min(count - 1, endIndex + overscan);
      const there = Array.from({ length: last - first + 1 }, (_, at) => first + at);
      const kept = focused.current;
      if (kept === null || kept >= count || (kept >= first && kept <= last)) return there;
      return kept < first ? [kept, ...there] : [...there, kept];
    },
  });

  function rowAt(index: number): Element | null {
    return list.current?.querySelector(`:scope > [data-index="${index}"]`) ?? null;
  }

  return {
    /** Null: all rows, in the flow of the page. */
    places: enabled
      ? rows
          .getVirtualItems()
          .map(({ index, start }: VirtualItem): RowPlace => ({ index, top: start - margin }))
      : null,
    height: rows.getTotalSize(),
    /** To be every row's ref. */
    measure: enabled ? rows.measureElement : undefined,
    /** To be told which row has the focus; null for none. */
    noteFocus(index: number | null) {
      focused.current = index;
    },
    /** Brings a row about and calls back with it; it may not exist before. */
    reach(index: number, then: (row: Element) => void) {
      if (enabled && !rowAt(index)) rows.scrollToIndex(index, { align: "center" });
      let left = PATIENCE;
      const look = () => {
        const row = rowAt(index);
        if (row) then(row);
        else if (left-- > 0) requestAnimationFrame(look);
      };
      // What was changed just now exists after the next painting.
      requestAnimationFrame(look);
    },
  };
}
