import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { cn } from "./cn.ts";
import type { FieldControl } from "./Field.tsx";

export type Option = { id: string; label: string; detail?: ReactNode };

type Props<T extends Option> = Partial<FieldControl> & {
  /** For a field without a visible label. */
  "aria-label"?: string;
  /** What stands in the field while it is not being searched in. */
  value: string;
  placeholder?: string;
  /** Finds options; called a moment after the last key. */
  find: (text: string, signal: AbortSignal) => Promise<T[]>;
  onPick: (option: T) => void;
  /** Called with the text that was left standing, where free text is welcome; else it is put back. */
  onFreeText?: (text: string) => void;
  className?: string;
  inputRef?: (element: HTMLInputElement | null) => void;
};

const TYPING_PAUSE_MS = 150;

/** A text field that proposes what fits, by the WAI-ARIA pattern of an editable combobox with a list. */
export function Combobox<T extends Option>(props: Props<T>) {
  const { value, find, onPick, onFreeText, className, inputRef, placeholder } = props;
  const listId = useId();
  const [text, setText] = useState<string | null>(null);
  const [options, setOptions] = useState<T[] | null>(null);
  const [active, setActive] = useState(0);
  const [failed, setFailed] = useState(false);
  const finder = useRef(find);
  finder.current = find;
  const open = text !== null;

  useEffect(() => {
    if (text === null) return;
    const controller = new AbortController();
    const timer = setTimeout(
      () => {
        finder.current(text.trim(), controller.signal).then(
          (found) => {
            setOptions(found);
            setFailed(false);
            setActive(0);
          },
          () => controller.signal.aborted || setFailed(true),
        );
      },
      text === "" ? 0 : TYPING_PAUSE_MS,
    );
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);

  function close() {
    setText(null);
    setOptions(null);
  }

  function pick(option: T) {
    close();
    onPick(option);
  }

  function takeText(free: string) {
    onFreeText?.(free);
    close();
  }

  function onKeyDown(event: KeyboardEvent) {
    const count = options?.length ?? 0;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) setText(value);
      else if (count > 0) setActive((active + (event.key === "ArrowDown" ? 1 : count - 1)) % count);
    } else if (event.key === "Enter" && open) {
      const option = options?.[active];
      event.preventDefault();
      if (option && (!onFreeText || text !== "")) pick(option);
      else if (onFreeText && text !== null) takeText(text);
    } else if (event.key === "Escape" && open) {
      event.preventDefault(); // not the dialog around it
      event.stopPropagation();
      if (text === "") close();
      else takeText(text);
    }
  }

  const shown = open && options !== null && options.length > 0;
  return (
    <div className={cn("relative", className)}>
      <input
        {...{
          id: props.id,
          "aria-invalid": props["aria-invalid"],
          "aria-describedby": props["aria-describedby"],
        }}
        ref={inputRef}
        aria-label={props["aria-label"]}
        role="combobox"
        aria-expanded={shown}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={shown ? `${listId}-${active}` : undefined}
        autoComplete="off"
        dir="auto"
        placeholder={placeholder}
        value={text ?? value}
        onChange={(event) => setText(event.target.value)}
        onFocus={(event) => event.target.select()}
        onClick={() => {
          if (!open && value === "") setText("");
        }}
        onBlur={() => {
          if (text !== null) takeText(text);
        }}
        onKeyDown={onKeyDown}
        className="control h-9 w-full px-2.5 text-base pointer-coarse:h-11"
      />
      <span className="sr-only" aria-live="polite">
        {open && options ? `${options.length} found` : ""}
        {failed ? "The search failed." : ""}
      </span>
      <div
        id={listId}
        role="listbox"
        aria-label="Suggestions"
        hidden={!shown}
        className="absolute start-0 top-full z-30 mt-1 max-h-72 w-max min-w-full max-w-[min(28rem,90vw)] overflow-y-auto rounded-lg bg-raised p-1 shadow-raised"
      >
        {options?.map((option, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the input's, which keeps the focus
          // biome-ignore lint/a11y/useFocusableInteractive: pointed at with aria-activedescendant
          <div
            key={option.id}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === active}
            onPointerMove={() => setActive(index)}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pick(option)}
            ref={(element) => {
              if (index === active && shown) element?.scrollIntoView({ block: "nearest" });
            }}
            className="flex min-h-8 cursor-default items-center gap-4 rounded-md px-2 py-1 text-sm aria-selected:bg-hover pointer-coarse:min-h-11"
          >
            <span className="min-w-0 flex-1 truncate" dir="auto">
              {option.label}
            </span>
            {option.detail ? (
              <span className="shrink-0 text-faint text-xs">{option.detail}</span>
            ) : null}
          </div>
        ))}
      </div>
    </div>
  );
}
