/**
 * Building blocks of every contract. Pure Zod: runs in Deno, Node and the browser.
 */
import { z } from "zod";
import "./messages.ts";

export const MAX_TEXT = 1_000;
export const MAX_NOTES = 10_000;
export const MAX_AMOUNT = 1_000_000_000;
const MAX_DEPTH = 8;
const MAX_KEYS = 200;
const MAX_JSON_LENGTH = 20_000;

const surrogateFree = (text: string) => text.isWellFormed();

/** Characters as people count them: an emoji outside the basic plane is one, not two. */
function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Why a text cannot be stored, or null. Postgres holds neither a null byte nor half a character. */
function textProblem(text: string): string | null {
  if (text.includes("\0")) return "Must not contain a null byte.";
  return surrogateFree(text) ? null : "Must be well-formed Unicode.";
}

/** A text of `min` to `max` characters, blank not counting as one. */
export function text(max = MAX_TEXT, min = 0) {
  return z.string().superRefine((value, context) => {
    const problem = textProblem(value);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
    if (value.length > max && characters(value) > max) {
      context.addIssue({
        code: "too_big",
        origin: "string",
        maximum: max,
        input: value,
        message: `At most ${max.toLocaleString("en")} characters.`,
      });
    }
    if (min > 0 && value.trim().length < min) {
      context.addIssue({
        code: "too_small",
        origin: "string",
        minimum: min,
        input: value,
        message: min === 1 ? "Must not be empty." : `At least ${min} characters.`,
      });
    }
  }).meta({ maxLength: max, ...(min > 0 ? { minLength: min } : {}) });
}

/** A non-negative decimal with at most `digits` decimals and at most a thousand million. */
export function decimal(digits: number, max = MAX_AMOUNT) {
  const fits = new RegExp(`^-?\\d+(\\.\\d{1,${digits}})?$`);
  return z.number()
    .min(0, { error: "Must not be negative.", abort: true })
    .max(max, { error: `At most ${max.toLocaleString("en")}.`, abort: true })
    .refine((value) => fits.test(String(value)), { error: `At most ${digits} decimals.` });
}

/** 0 to 100, with at most four decimals. */
export const percent = () => decimal(4, 100);
export const quantity = () => decimal(3);
export const unitPrice = () => decimal(4);

/** Any UUID, in lower case. */
export const uuid = () => z.guid().toLowerCase().meta({ format: "uuid" });
/** An ISO 4217 code. */
export const currency = () => z.string().regex(/^[A-Z]{3}$/, "An ISO 4217 code, such as EUR.");
/** RFC 3339 with an offset; years 1 to 9999. */
export const timestamp = () =>
  z.iso.datetime({ offset: true, error: "An RFC 3339 time, such as 2026-01-31T09:00:00Z." })
    .refine((value) => !value.startsWith("0000"), "The year 0 does not exist.");

const DATE = z.iso.date().refine((value) => !value.startsWith("0000"));

/** A day (`2026-01-31`, in the tenant's time zone) or an RFC 3339 time. */
export const dateOrTime = () =>
  z.union([DATE, timestamp()], {
    error: "A date such as 2026-01-31, or an RFC 3339 time such as 2026-01-31T09:00:00Z.",
  });

/** A decimal number in a query parameter; stays text, so that no digit is lost. */
export const signedDecimalText = () =>
  z.string().regex(/^-?\d{1,15}(\.\d{1,6})?$/, "A number, such as 12.50.");

type Frame = { value: unknown; depth: number };

/** Why a flexible JSON object cannot be kept, or null: depth, size, and texts that cannot be stored. */
function jsonProblem(root: unknown): string | null {
  const open: Frame[] = [{ value: root, depth: 1 }];
  let keys = 0;
  let length = 0;
  for (let frame = open.pop(); frame !== undefined; frame = open.pop()) {
    const { value, depth } = frame;
    length += typeof value === "string" ? value.length : 1;
    if (typeof value === "string") {
      const problem = textProblem(value);
      if (problem !== null) return problem;
    } else if (typeof value === "number" && !Number.isFinite(value)) {
      return "Numbers must be finite.";
    } else if (typeof value === "object" && value !== null) {
      if (depth > MAX_DEPTH) return `At most ${MAX_DEPTH} levels deep.`;
      for (const [key, child] of Object.entries(value)) {
        const problem = textProblem(key);
        if (problem !== null) return problem;
        if (++keys > MAX_KEYS) return `At most ${MAX_KEYS} entries in all.`;
        length += key.length;
        open.push({ value: child, depth: depth + 1 });
      }
    }
    if (length > MAX_JSON_LENGTH) return `At most ${MAX_JSON_LENGTH} characters in all.`;
  }
  return null;
}

/** A small JSON object whose keys the contract leaves open (`custom`, `attributes`). */
export function openObject() {
  return z.record(z.string(), z.unknown()).superRefine((value, context) => {
    const problem = jsonProblem(value);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  });
}

/** A postal address: short texts; the usual keys are named, others may be added. */
export const address = () =>
  z.object({
    line1: text(),
    line2: text(),
    postal_code: text(),
    city: text(),
    region: text(),
    country: text(),
  }).partial().catchall(text()).superRefine((value, context) => {
    const problem = jsonProblem(value);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  });

/** One bad field of a request. */
export const fieldError = z.object({
  path: z.string().meta({ description: "Where, with dots: items.0.quantity" }),
  code: z.string(),
  message: z.string(),
});

/** RFC 9457: every error answer. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().meta({ example: "validation_failed" }),
  detail: z.string(),
  request_id: z.string(),
  errors: z.array(fieldError).optional(),
}).meta({ id: "Problem" });
export type Problem = z.infer<typeof problem>;
export type FieldError = z.infer<typeof fieldError>;

/** The frame around every list. */
export const page = z.object({
  limit: z.int(),
  next_cursor: z.string().nullable(),
  prev_cursor: z.string().nullable(),
  total: z.object({ count: z.int(), kind: z.enum(["exact", "estimated"]) }),
}).meta({ id: "Page" });
export type Page = z.infer<typeof page>;

/** A list's answer around one resource. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), page });
}

/** Query parameters that every list takes. Values come in as text. */
export const paging = {
  limit: z.string().regex(/^\d{1,3}$/, "A whole number from 1 to 200.").transform(Number)
    .pipe(z.int().min(1, "1 to 200.").max(200, "1 to 200.")).default(25)
    .meta({ override: { type: "integer", minimum: 1, maximum: 200, default: 25 } }),
  cursor: z.string().max(8_000).optional().meta({
    description: "next_cursor or prev_cursor of a page with the same sort and filters",
  }),
};

/** `deleted=only` shows the trash. */
export const deleted = () => z.enum(["only"]).optional();

/** A search text. */
export const search = () => text(200, 1).optional();
