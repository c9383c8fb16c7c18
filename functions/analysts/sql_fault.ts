/** What Postgres says about somebody's own SQL, in plain words, with the place in their text. */
import postgres from "postgres";
import { type Code, Problem } from "../_shared/errors.ts";

const busy = "Another statement of yours is running: one at a time.";

/** The refusal that an error of the box's own connection stands for; undefined when it is not about the SQL. */
export function faultOf(error: unknown, statement: string): Problem | undefined {
  if (!(error instanceof postgres.PostgresError)) return undefined;
  const { code, message, hint } = error;
  const say = (kind: Code, detail: string, status?: number) =>
    new Problem(kind, detail, {
      ...(status === undefined ? {} : { status }),
      errors: [{ path: "sql", code: kind, message: detail }],
      cause: error,
    });
  // Its password was changed by the next statement, or the one before still holds the only connection.
  if (code === "28P01" || (code === "53300" && /role/.test(message))) {
    return new Problem("conflict", busy, { cause: error });
  }
  if (code === "57014") {
    return say("validation_failed", "The statement took longer than 30 seconds and was stopped.");
  }
  if (code === "53400") {
    return say("validation_failed", "The statement needs more room on the disk than it may have.");
  }
  if (code === "42501" || code === "25006") {
    return say("forbidden", `You can only read the views listed here: ${message}.`);
  }
  if (code === "42601" && /multiple commands/.test(message)) {
    return say("validation_failed", "One statement at a time: there are several here.");
  }
  // The database itself is in trouble, not the statement.
  if (/^(08|53|57P|58|XX)/.test(code)) return undefined;
  return say(
    "validation_failed",
    `${placeOf(error, statement)}${message}.${hint ? ` ${hint}` : ""}`,
  );
}

/** `Line 2, column 8: `, or nothing where Postgres names no place. */
function placeOf({ position }: postgres.PostgresError, statement: string): string {
  const at = Number(position);
  if (!(at >= 1)) return "";
  // Postgres counts characters, not UTF-16 units.
  const before = [...statement].slice(0, at - 1);
  const line = before.filter((one) => one === "\n").length + 1;
  return `Line ${line}, column ${before.length - before.lastIndexOf("\n")}: `;
}
