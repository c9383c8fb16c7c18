/** What is checked of a request before the auth library sees it, so that bad input is never a 500. */
import { z } from "zod";

/** What bcrypt reads of a password. */
const PASSWORD_BYTES = 72;
/** The width of the library's text columns. */
const COLUMN = 255;

/** A whole body: what a person says about themselves is the most of it. */
const BODY_BYTES = 16_384;
/** Objects in objects. */
const DEPTH = 10;

const isDeeperThan = (levels: number, value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part)));

const line = z.string().max(COLUMN).nullish();

const body = z.looseObject({
  email: line,
  phone: line,
  password: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= PASSWORD_BYTES, {
      error: `Password cannot be longer than ${PASSWORD_BYTES} bytes`,
    })
    .nullish(),
  data: z
    .record(z.string(), z.unknown())
    .refine((data) => !isDeeperThan(DEPTH, data), { error: `At most ${DEPTH} levels` })
    .nullish(),
  token: line,
  token_hash: line,
  type: line,
  refresh_token: line,
  auth_code: line,
  code_verifier: line,
});

/**
 * Checks the text of a JSON body.
 * @returns a sentence about what is wrong, or undefined. Text that is not JSON is the library's to
 * refuse, in its own words.
 */
export function complainAbout(text: string): string | undefined {
  if (Buffer.byteLength(text) > BODY_BYTES) return `A body has at most ${BODY_BYTES} bytes`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Postgres stores no null character; in a JSON text it can only be written like this.
  if (/(?<!\\)(\\\\)*\\u0000/.test(text)) return "A text contains a null character";
  const result = body.safeParse(value);
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  return issue ? `${issue.path.join(".") || "body"}: ${issue.message}` : "The body is not valid";
}

/** GoTrue's form of a refusal. */
export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ code: status, error_code: code, msg: message }, { status, headers });
}
