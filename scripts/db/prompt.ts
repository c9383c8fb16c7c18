/** A small prompt for machines without psql. */
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import postgres, { type Sql } from "postgres";
import { resultText } from "./result_table.ts";
import { splitStatements } from "./statements.ts";

const HELP = "statements end with ; and \\q or Ctrl-D leaves";

async function run(sql: Sql, statement: string): Promise<void> {
  const answer = await sql.unsafe(statement).raw();
  const rows = answer.map((row) =>
    row.map((value) => (value === null ? null : Buffer.from(value).toString("utf8"))),
  );
  const { command, count, columns = [] } = answer;
  console.log(resultText({ command: command ?? "", count: count ?? 0, columns, rows }));
}

/** What psql answers itself; undefined for SQL. */
function ownAnswer(line: string): string | undefined {
  const [word = ""] = line.trim().split(/[\s;]/, 1);
  if (word.toLowerCase() === "help" || word === "\\?") return HELP;
  return word.startsWith("\\")
    ? `${word} needs psql; without it, select from information_schema.tables and .columns`
    : undefined;
}

const isQuit = (line: string) => /^\s*(\\q|quit|exit)\s*;?\s*$/i.test(line);

/** "ERROR: …" as Postgres says it; what is not Postgres' own is thrown on. */
function tell(error: unknown): void {
  if (!(error instanceof postgres.PostgresError)) throw error;
  console.error(`${error.severity}:  ${error.message}`);
  if (error.detail) console.error(`DETAIL:  ${error.detail}`);
  if (error.hint) console.error(`HINT:  ${error.hint}`);
}

/** The lines that are given; at a terminal each after a prompt. */
async function* lines(isOpen: () => boolean): AsyncGenerator<string> {
  if (!process.stdin.isTTY) {
    yield* (await text(process.stdin)).split("\n");
    return;
  }
  console.log(`psql is not installed: ${HELP}`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ask = () => {
    terminal.setPrompt(isOpen() ? "...> " : "sql> ");
    terminal.prompt();
  };
  ask();
  for await (const line of terminal) {
    yield line;
    ask();
  }
}

/**
 * Runs what is typed until its end; what is piped in, until the first error.
 * @returns the exit code.
 */
export async function prompt(sql: Sql): Promise<0 | 1> {
  let open = "";
  const attempt = async (statements: readonly string[]) => {
    try {
      for (const statement of statements) await run(sql, statement);
      return true;
    } catch (error) {
      tell(error);
      return process.stdin.isTTY;
    }
  };
  for await (const line of lines(() => open !== "")) {
    const isFirst = open.trim() === "";
    if (isFirst && isQuit(line)) return 0;
    const answer = isFirst ? ownAnswer(line) : undefined;
    if (answer !== undefined) {
      console.log(answer);
      continue;
    }
    const { statements, rest } = splitStatements(`${open}${line}\n`);
    open = rest;
    if (!(await attempt(statements))) return 1;
  }
  return (await attempt(open.trim() === "" ? [] : [open])) ? 0 : 1;
}
