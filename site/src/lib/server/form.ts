import type { z } from "zod";
import type { FieldError } from "../../../../functions/_shared/contracts/common.ts";
import { ApiError } from "../api/client.ts";
import { ANSWERS_WITHIN_MS, type Caller, callerHeaders, functionsBase } from "./functions.ts";

/** What a page shows of a form that was refused: one message for all of it, and one per field. */
export type FormErrors = { form: string | null; fields: Record<string, string> };

export const NO_ERRORS: FormErrors = { form: null, fields: {} };

/** The texts of a sent form, those left empty not counting. */
export async function formTexts(request: Request): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, value] of await request.formData()) {
    if (typeof value === "string" && value !== "") texts[name] = value;
  }
  return texts;
}

export type Sent<T> =
  | { ok: true; body: T; setCookies: string[]; status: number }
  | { ok: false; status: number; errors: FormErrors };

type SendOptions = { method?: "POST" | "PATCH" | "DELETE"; tenantId?: string };

/**
 * Checks a form against its contract and sends it to the API as the caller, whose new cookies come back
 * with the answer.
 */
export async function sendForm<T>(
  caller: Caller,
  path: string,
  contract: z.ZodType,
  values: Record<string, unknown>,
  { method = "POST", tenantId }: SendOptions = {},
): Promise<Sent<T>> {
  const checked = contract.safeParse(values);
  if (!checked.success) {
    const issues = checked.error.issues.map(({ path: at, message }) => ({
      path: at.join("."),
      message,
    }));
    return { ok: false, status: 422, errors: byField(issues) };
  }
  let response: Response;
  try {
    response = await fetch(`${functionsBase}${path}`, {
      method,
      headers: { ...callerHeaders(caller, tenantId), "content-type": "application/json" },
      body: JSON.stringify(checked.data),
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    });
  } catch {
    return {
      ok: false,
      status: 503,
      errors: { form: "The service does not answer. Try again in a moment.", fields: {} },
    };
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const problem = new ApiError({ ...(body as object), status: response.status });
    const errors =
      problem.fields.length > 0 ? byField(problem.fields) : { form: problem.message, fields: {} };
    return { ok: false, status: response.status, errors };
  }
  return {
    ok: true,
    body: body as T,
    setCookies: response.headers.getSetCookie(),
    status: response.status,
  };
}

function byField(issues: readonly Pick<FieldError, "path" | "message">[]): FormErrors {
  const fields = Object.fromEntries(issues.map(({ path, message }) => [path, message]));
  return { form: fields[""] ?? null, fields };
}
