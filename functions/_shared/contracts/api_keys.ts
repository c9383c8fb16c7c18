/** API keys: how machines come in. */
import { z } from "zod";
import { text, timestamp, uuid } from "./common.ts";
import { role } from "./tenancy.ts";

/** What every key begins with. */
export const KEY_PREFIX = "kontor_";

/** What a key's scopes may be about. */
export const domains = ["orders", "customers", "products", "files", "exports"] as const;
export type Domain = (typeof domains)[number];

export const scope = z.templateLiteral([z.enum(domains), ":", z.enum(["read", "write"])]).meta({
  id: "Scope",
  description: "`<domain>:read`, or `<domain>:write`, which reads too.",
  example: "orders:read",
});

export const apiKey = z.object({
  id: uuid(),
  label: z.string(),
  prefix: z.string().meta({ description: "The key begins with kontor_<prefix>_." }),
  role,
  scopes: z.array(scope).nullable().meta({ description: "null: whatever the role may." }),
  created_by: uuid(),
  created_at: timestamp(),
  expires_at: timestamp().nullable(),
  last_used_at: timestamp().nullable().meta({ description: "To the minute." }),
  last_used_ip: z.string().nullable(),
  revoked_at: timestamp().nullable(),
}).meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof apiKey>;

export const apiKeyList = z.object({ data: z.array(apiKey) }).meta({ id: "ApiKeyList" });

export const newApiKey = z.strictObject({
  label: text(200, 1),
  role: role.meta({ description: "At most your own." }),
  scopes: z.array(scope).min(1).max(10).optional(),
  expires_at: timestamp().optional(),
}).meta({ id: "NewApiKey" });
export type NewApiKey = z.infer<typeof newApiKey>;

export const madeApiKey = apiKey.extend({
  key: z.string().meta({ description: "The key itself: shown here and never again." }),
}).meta({ id: "MadeApiKey" });
export type MadeApiKey = z.infer<typeof madeApiKey>;

export const exchanged = z.object({
  access_token: z.string(),
  expires_in: z.int().meta({ description: "Seconds." }),
}).meta({ id: "ApiKeyToken" });
