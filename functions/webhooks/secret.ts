/** What deliveries are signed with: made here, shown once, kept sealed. */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Reply } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { webhookSecretSealer } from "../_shared/sealer.ts";

/** Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32;

const { seal } = webhookSecretSealer(env.WEBHOOK_KEY);

/** A new secret, as its receiver is given it and as it is kept. */
export function makeSecret(): { readonly secret: string; readonly sealed: string } {
  const secret = `whsec_${Buffer.from(randomBytes(SECRET_BYTES)).toString("base64")}`;
  return { secret, sealed: seal(secret) };
}

/** The endpoint's JSON with its secret. */
export function withSecret(reply: Reply, secret: string): Reply {
  return { ...reply, json: JSON.stringify({ ...JSON.parse(reply.json ?? "{}"), secret }) };
}
