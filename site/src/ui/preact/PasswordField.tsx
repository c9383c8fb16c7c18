/** @jsxImportSource preact */
import { useEffect, useRef, useState } from "preact/hooks";

type Props = {
  name: string;
  autocomplete: string | undefined;
  required: boolean;
  invalid: boolean;
  /** Whether the page begins here. */
  focused: boolean;
  describedBy: string | undefined;
};

/**
 * A password that can be looked at while it is typed, and a word about Caps Lock. For the pages that
 * strangers see, which otherwise need no script: hence Preact. Without scripts it is a plain field.
 */
export function PasswordField(props: Props) {
  const { name, autocomplete, required, invalid, focused, describedBy } = props;
  const input = useRef<HTMLInputElement>(null);
  const [awake, setAwake] = useState(false);
  const [shown, setShown] = useState(false);
  const [capsLock, setCapsLock] = useState(false);

  useEffect(() => {
    setAwake(true);
    const form = input.current?.form;
    // What is sent goes as a password, so that the browser offers to keep it, and as nothing else.
    const hide = () => setShown(false);
    form?.addEventListener("submit", hide);
    return () => form?.removeEventListener("submit", hide);
  }, []);

  const noteId = `${name}-caps-lock`;
  const notes = [describedBy, capsLock ? noteId : undefined].filter(Boolean).join(" ");
  const watch = (event: KeyboardEvent) => setCapsLock(event.getModifierState("CapsLock"));
  return (
    <>
      <span class="relative block">
        <input
          ref={input}
          id={name}
          name={name}
          type={shown ? "text" : "password"}
          autocomplete={autocomplete}
          required={required}
          autofocus={focused}
          autocapitalize="off"
          spellcheck={false}
          dir="auto"
          aria-invalid={invalid ? "true" : undefined}
          aria-describedby={notes || undefined}
          onKeyDown={watch}
          onKeyUp={watch}
          onBlur={() => setCapsLock(false)}
          class="control h-9 w-full ps-2.5 pe-16 text-base pointer-coarse:h-11"
        />
        {awake ? (
          <button
            type="button"
            aria-controls={name}
            onClick={() => setShown(!shown)}
            class="absolute inset-y-1 end-1 rounded-md px-2.5 font-medium text-muted text-sm hover:bg-hover hover:text-ink"
          >
            {shown ? "Hide" : "Show"}
            <span class="sr-only"> password</span>
          </button>
        ) : null}
      </span>
      <span role="status" id={noteId} class="text-muted text-xs empty:hidden">
        {capsLock ? "Caps Lock is on." : ""}
      </span>
    </>
  );
}
