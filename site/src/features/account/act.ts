/** What the account's page does with its forms, which work without scripts. */
import { z } from "zod";
import {
  accountPatch,
  type EnrolledFactor,
  factorCode,
  newFactor,
} from "../../../../functions/_shared/contracts/account.ts";
import { type FormErrors, type Sent, sendForm } from "../../lib/server/form.ts";
import type { Caller } from "../../lib/server/functions.ts";

/** What each form is called, and what the page says once it was done. */
export const DONE = {
  profile: "Saved.",
  "end-session": "Signed out there.",
  "end-others": "Signed out everywhere else.",
  "begin-factor": "",
  "verify-factor": "From now on, signing in asks for a code as well.",
  "remove-factor": "Signing in asks for no code any more.",
} as const;
export type Form = keyof typeof DONE;

/** A form that was sent and not taken. */
export type Refused = { form: Form; status: number; errors: FormErrors };

export type Outcome =
  | { kind: "done"; form: Form; setCookies: string[] }
  | { kind: "enrolled"; factor: EnrolledFactor }
  | ({ kind: "refused" } & Refused);

const nothing = z.strictObject({});

/** Does what a sent form of the page asks for; null when it is none of them. */
export async function act(
  caller: Caller,
  given: Readonly<Record<string, string>>,
): Promise<Outcome | null> {
  const form = Object.keys(DONE).find((name): name is Form => name === given.form);
  if (form === undefined) return null;
  const sent = await send(caller, form, given);
  if (!sent.ok) return { kind: "refused", form, status: sent.status, errors: sent.errors };
  if (form === "begin-factor") return { kind: "enrolled", factor: sent.body as EnrolledFactor };
  return { kind: "done", form, setCookies: sent.setCookies };
}

function send(
  caller: Caller,
  form: Form,
  given: Readonly<Record<string, string>>,
): Promise<Sent<unknown>> {
  const id = encodeURIComponent(given.id ?? "");
  switch (form) {
    case "profile": {
      const change = { name: given.name?.trim() || null, locale: given.locale ?? null };
      return sendForm(caller, "/account", accountPatch, change, { method: "PATCH" });
    }
    case "end-session":
      return sendForm(caller, `/account/sessions/${id}`, nothing, {}, { method: "DELETE" });
    case "end-others":
      return sendForm(caller, "/account/sessions", nothing, {}, { method: "DELETE" });
    case "begin-factor":
      return sendForm(caller, "/account/factors", newFactor, {});
    case "verify-factor":
      return sendForm(caller, `/account/factors/${id}/verify`, factorCode, {
        code: given.code ?? "",
      });
    case "remove-factor":
      return sendForm(caller, `/account/factors/${id}`, nothing, {}, { method: "DELETE" });
  }
}
