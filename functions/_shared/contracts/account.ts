/** One's own account: what one is called, where one is signed in, and the second factor. */
import { z } from "zod";
import { oneTimeCode, user } from "./auth.ts";
import { text, timestamp, uuid } from "./common.ts";
import { locale } from "./tenancy.ts";

export const secondFactor = z.object({
  id: uuid(),
  label: z.string().nullable(),
  created_at: timestamp(),
}).meta({ id: "SecondFactor", description: "An app that makes one-time codes (TOTP)." });
export type SecondFactor = z.infer<typeof secondFactor>;

export const account = user.extend({
  locale: z.string().nullable().meta({ description: "The language of mails to the person." }),
  second_factors: z.array(secondFactor).nullable().meta({
    description: "Null where the auth server offers none.",
  }),
}).meta({ id: "Account" });
export type Account = z.infer<typeof account>;

export const accountPatch = z.strictObject({
  name: text(200, 1).nullable().meta({ description: "What others see instead of the address." }),
  locale: locale().nullable(),
}).partial().meta({ id: "AccountPatch" });
export type AccountPatch = z.infer<typeof accountPatch>;

export const ownSession = z.object({
  id: uuid(),
  created_at: timestamp(),
  last_used_at: timestamp().meta({ description: "When it last got a new access token." }),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  current: z.boolean().meta({ description: "Whether it is the one that asks." }),
}).meta({ id: "OwnSession" });
export type OwnSession = z.infer<typeof ownSession>;

export const ownSessionList = z.object({ data: z.array(ownSession) });

export const newFactor = z.strictObject({
  label: text(100, 1).optional().meta({ description: "To tell several apart." }),
}).meta({ id: "NewFactor" });

export const enrolledFactor = z.object({
  id: uuid(),
  secret: z.string().meta({ description: "For an app that cannot scan. Shown once." }),
  uri: z.string().meta({ description: "otpauth://…, what the image holds." }),
  qr_code: z.string().meta({ description: "An SVG image for the app to scan." }),
}).meta({ id: "EnrolledFactor" });
export type EnrolledFactor = z.infer<typeof enrolledFactor>;

export const factorCode = z.strictObject({ code: oneTimeCode() }).meta({ id: "FactorCode" });
