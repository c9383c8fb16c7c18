import { toNestErrors } from "@hookform/resolvers";
import type { FieldErrors, FieldValues, Resolver } from "react-hook-form";
import type { z } from "zod";

/**
 * Checks what `toRequest` makes of a form against one of the API's contracts, which is fetched with its
 * validator at the first attempt to save. The fields' paths are those of the request.
 */
export function contractResolver<F extends FieldValues, R extends FieldValues>(
  contract: () => Promise<z.ZodType<R>>,
  toRequest: (form: F) => unknown,
): Resolver<F, unknown, R> {
  return async (form, _context, options) => {
    const parsed = (await contract()).safeParse(toRequest(form));
    if (parsed.success) return { values: parsed.data, errors: {} };
    const flat: FieldErrors = {};
    for (const { path, code, message } of parsed.error.issues) {
      flat[path.join(".")] ??= {
        type: code,
        message: code === "invalid_type" ? "Please enter a number." : message,
      };
    }
    return { values: {}, errors: toNestErrors<F>(flat, options) };
  };
}
