import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ListState } from "./use-list.ts";

const TYPING_PAUSE_MS = 250;

type Props<T> = { state: ListState<T>; label: string };

/** Searches as one types, a moment after the last key; inside a form, so that Enter works without scripts. */
export function SearchBox<T>({ state, label }: Props<T>) {
  const current = state.params.get("q") ?? "";
  const [text, setText] = useState(current);
  const sent = useRef(current);
  const input = useRef<HTMLInputElement>(null);

  // The address changed by other means (back, "clear filters"): the field follows.
  useEffect(() => {
    if (current !== sent.current) {
      sent.current = current;
      setText(current);
    }
  }, [current]);

  useEffect(() => {
    if (text.trim() === sent.current) return;
    const timer = setTimeout(() => submit(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  });

  function submit(value: string) {
    const wanted = value.trim();
    if (wanted === sent.current) return;
    // One entry in the history for a search, not one for every pause while typing it.
    const replace = sent.current !== "" && wanted !== "";
    sent.current = wanted;
    state.change({ q: wanted }, { replace });
  }

  return (
    <search className="relative flex min-w-44 flex-1 basis-2/3 sm:max-w-72 sm:basis-0">
      <Search
        className="pointer-events-none absolute start-2.5 top-1/2 size-3.5 -translate-y-1/2 text-faint"
        aria-hidden="true"
      />
      <input
        ref={input}
        type="search"
        name="q"
        dir="auto"
        autoComplete="off"
        data-list-search=""
        aria-label={label}
        aria-keyshortcuts="/"
        placeholder={label}
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") input.current?.blur();
          if (event.key !== "Enter") return;
          event.preventDefault();
          submit(text);
        }}
        className="control h-8 w-full ps-8 pe-8 text-sm pointer-coarse:h-10"
      />
      {text === "" ? (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute end-2 top-1/2 hidden -translate-y-1/2 rounded-sm border border-line px-1 font-sans text-faint text-xs md:block"
        >
          /
        </span>
      ) : (
        <button
          type="button"
          aria-label="Clear search"
          onClick={() => {
            setText("");
            submit("");
            input.current?.focus();
          }}
          className="absolute end-1 top-1/2 flex size-6 -translate-y-1/2 items-center justify-center rounded-sm text-faint hover:text-ink"
        >
          <X className="size-3.5" aria-hidden="true" />
        </button>
      )}
    </search>
  );
}
