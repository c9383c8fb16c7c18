import { Play, Square } from "lucide-react";
import { type RefObject, useId, useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Select, Textarea } from "../../ui/Input.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Results } from "./Results.tsx";
import { type Place, useQuery } from "./use-query.ts";

type Props = {
  sql: string;
  onChange: (sql: string) => void;
  editor: RefObject<HTMLTextAreaElement | null>;
};

/** Puts the cursor where the fault is. */
function pointAt(editor: HTMLTextAreaElement | null, { line, column }: Place): void {
  if (!editor) return;
  const before = editor.value.split("\n").slice(0, line - 1);
  const at = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  editor.focus();
  editor.setSelectionRange(at, at);
}

/** One statement that reads, and what it gave. */
export function SqlBox({ sql, onChange, editor }: Props) {
  const { outcome, running, run, stop } = useQuery();
  const mostId = useId();
  const [most, setMost] = useState(1000);

  async function go() {
    const found = await run(sql, most);
    if (found?.is === "failed" && found.place) pointAt(editor.current, found.place);
  }

  return (
    <section aria-labelledby="sql-box" className="panel min-w-0 overflow-hidden">
      <div className="flex flex-col gap-3 px-4 py-4 md:px-5">
        <h2 id="sql-box" className="font-semibold text-sm">
          Ask with SQL
        </h2>
        <Field
          label="Statement"
          hint="Reads only, as an analyst of this tenant; 30 seconds at most. Every statement is logged."
        >
          {(field) => (
            <Textarea
              {...field}
              ref={editor}
              dir="ltr"
              spellCheck={false}
              autoCapitalize="off"
              autoComplete="off"
              rows={5}
              value={sql}
              className="max-h-96 min-h-32 font-mono text-sm"
              onChange={(event) => onChange(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
                event.preventDefault();
                void go();
              }}
            />
          )}
        </Field>
        <div className="flex flex-wrap items-center gap-3">
          {running ? (
            <Button onClick={stop}>
              <Square aria-hidden="true" />
              Stop
            </Button>
          ) : (
            <Button variant="primary" disabled={sql.trim() === ""} onClick={() => void go()}>
              <Play aria-hidden="true" />
              Run
            </Button>
          )}
          <kbd className="font-sans text-faint text-xs max-sm:hidden">Ctrl Enter</kbd>
          <label
            htmlFor={mostId}
            className="ms-auto flex items-center gap-2 whitespace-nowrap text-muted text-sm"
          >
            Rows at most
            <Select
              id={mostId}
              className="min-w-28"
              value={most}
              onChange={(event) => setMost(Number(event.target.value))}
            >
              <option value={100}>100</option>
              <option value={1000}>1,000</option>
              <option value={10000}>10,000</option>
            </Select>
          </label>
        </div>
        {running ? (
          <p role="status" className="text-muted text-sm">
            Running…
          </p>
        ) : null}
        {!running && outcome.is === "failed" ? (
          <Notice kind="danger">
            <span className="break-words">{outcome.why}</span>
          </Notice>
        ) : null}
        {!running && outcome.is === "stopped" ? (
          <p role="status" className="text-muted text-sm">
            Stopped.
          </p>
        ) : null}
      </div>
      {outcome.is === "done" ? <Results result={outcome.result} /> : null}
    </section>
  );
}
