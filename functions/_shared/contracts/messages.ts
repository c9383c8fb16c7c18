/**
 * What Zod says where a contract does not say it itself, for whoever fills in a form or reads an answer
 * of the API. It is Zod's setting for the whole process: importing this module is enough.
 */
import { z } from "zod";

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  email: "an e-mail address",
  url: "an address such as https://example.com",
  uuid: "a UUID",
  guid: "a UUID",
  date: "a date such as 2026-01-31",
  datetime: "an RFC 3339 time such as 2026-01-31T09:00:00Z",
};

const UNITS: Readonly<Record<string, string>> = {
  string: " characters",
  array: " entries",
  set: " entries",
};

const number = (value: unknown) => Number(value).toLocaleString("en");

/** The sentence for an issue; undefined leaves it to Zod. */
export function plainMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return "Is required.";
  switch (issue.code) {
    case "invalid_type":
      return must(KINDS[issue.expected]);
    case "invalid_format":
      return must(KINDS[issue.format]);
    case "invalid_value":
      return must(`${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")}`);
    case "too_small":
      return `At least ${number(issue.minimum)}${UNITS[issue.origin] ?? ""}.`;
    case "too_big":
      return `At most ${number(issue.maximum)}${UNITS[issue.origin] ?? ""}.`;
    default:
      return undefined;
  }
}

function must(be: string | undefined): string | undefined {
  return be && `Must be ${be}.`;
}

z.config({ customError: plainMessage });
