/** Analysts: people with SQL, each with a database login of their own. */
import { z } from "zod";
import { text, timestamp, uuid } from "./common.ts";

/** The name of a login that we made. */
export const roleName = z.string().regex(/^analyst_[0-9a-z_]{1,50}$/, "Not the name of a login.");

export const analyst = z.object({
  role_name: roleName,
  label: z.string(),
  created_by: uuid().nullable(),
  created_at: timestamp(),
  expires_at: timestamp().nullable(),
  last_login_at: timestamp().nullable(),
  revoked_at: timestamp().nullable(),
}).meta({ id: "Analyst" });
export type Analyst = z.infer<typeof analyst>;

export const analystList = z.object({ data: z.array(analyst) }).meta({ id: "AnalystList" });

export const newAnalyst = z.strictObject({
  label: text(200, 1).meta({ description: "Whose login it is, and what for." }),
  expires_at: timestamp().optional(),
}).meta({ id: "NewAnalyst" });
export type NewAnalyst = z.infer<typeof newAnalyst>;

export const analystLogin = z.object({
  role_name: roleName,
  password: z.string().meta({ description: "Shown here and never again." }),
  connection_string: z.string().meta({
    description: "For psql and every library that takes such an address.",
  }),
}).meta({ id: "AnalystLogin" });
export type AnalystLogin = z.infer<typeof analystLogin>;
