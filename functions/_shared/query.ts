/** Query parameters, held against a schema. */
import { z } from "zod";
import { fieldErrors } from "./body.ts";
import { Problem } from "./errors.ts";

const none = z.strictObject({});

/**
 * The query string as its schema gives it; a blank value counts as absent.
 * @throws Problem 400 invalid_query: unknown or repeated parameters, and values that do not fit.
 */
export function validateQuery(schema: z.ZodType | undefined, parameters: URLSearchParams): unknown {
  const given: Record<string, string> = Object.create(null);
  const seen = new Set<string>();
  for (const [name, value] of parameters) {
    if (seen.has(name)) {
      throw new Problem("invalid_query", "A parameter is given twice.", {
        errors: [{ path: name, code: "repeated", message: "Give it once." }],
      });
    }
    seen.add(name);
    if (value.trim() !== "") given[name] = value;
  }
  // A plain object: Zod looks at own keys only, and `__proto__` must stay an unknown one.
  const result = (schema ?? none).safeParse(given);
  if (result.success) return result.data;
  throw new Problem("invalid_query", "The query is not acceptable.", {
    errors: fieldErrors(result.error).map((one) =>
      one.code === "unknown_field" ? { ...one, message: "There is no such parameter." } : one
    ),
  });
}
