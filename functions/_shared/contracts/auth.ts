/** Signing up, in and out, and who one is. */
import { z } from "zod";
import { text, timestamp, uuid } from "./common.ts";
import { email } from "./email.ts";
import { locale, tenant } from "./tenancy.ts";

/** bcrypt looks at no more than this many bytes of a password. */
const MAX_PASSWORD_BYTES = 72;

/** A password that is being chosen. How strong it must be is the auth server's setting. */
const newPassword = () =>
  text(MAX_PASSWORD_BYTES, 1).refine(
    (value) => new TextEncoder().encode(value).length <= MAX_PASSWORD_BYTES,
    { error: `At most ${MAX_PASSWORD_BYTES} bytes.` },
  ).meta({ format: "password", description: "At most 72 bytes of UTF-8." });

export const signUp = z.strictObject({
  email: email(),
  password: newPassword(),
  name: text(200).optional().meta({ description: "What to call the person." }),
  locale: locale().optional().meta({ description: "The language of mails to the person." }),
}).meta({ id: "SignUp" });
export type SignUp = z.infer<typeof signUp>;

export const signIn = z.strictObject({
  email: email(),
  password: text(1_000, 1).meta({ format: "password" }),
}).meta({ id: "SignIn" });
export type SignIn = z.infer<typeof signIn>;

export const user = z.object({
  id: uuid(),
  email: z.string(),
  name: z.string().nullable(),
}).meta({ id: "User" });
export type User = z.infer<typeof user>;

export const signedIn = z.object({
  user,
  session: z.object({
    access_token: z.string().meta({ description: "For `Authorization: Bearer …`." }),
    refresh_token: z.string().meta({ description: "Good once, for a new session." }),
    expires_at: timestamp().meta({ description: "When the access token runs out." }),
  }),
}).meta({ id: "SignedIn" });
export type SignedIn = z.infer<typeof signedIn>;

export const confirmationAsked = z.object({
  user,
  session: z.null(),
}).meta({ id: "ConfirmationAsked", description: "A mail asks to confirm the address first." });
export type ConfirmationAsked = z.infer<typeof confirmationAsked>;

/** What an authenticator app shows; people type it in groups. */
export const oneTimeCode = () =>
  z.string().transform((value) => value.replace(/\s/g, "")).pipe(
    z.string().regex(/^[0-9]{6}$/, "The six digits that the app shows."),
  );

export const codeAsked = z.object({
  session: z.null(),
  ticket: z.string().meta({ description: "For POST /auth/signin/code." }),
  expires_at: timestamp(),
}).meta({ id: "CodeAsked", description: "A code of the second factor is needed as well." });
export type CodeAsked = z.infer<typeof codeAsked>;

export const signInCode = z.strictObject({
  ticket: text(20_000, 1),
  code: oneTimeCode(),
}).meta({ id: "SignInCode" });

export const session = z.object({
  user,
  tenants: z.array(tenant),
  operator: z.boolean().meta({ description: "Whether GET /system is for this person." }),
}).meta({ id: "Session" });
export type Session = z.infer<typeof session>;

export const recover = z.strictObject({ email: email() }).meta({ id: "Recover" });

export const reset = z.strictObject({
  email: email(),
  code: z.string().trim().regex(/^[0-9]{6,10}$/, "The digits from the mail."),
  password: newPassword(),
}).meta({ id: "ResetPassword" });
