/** Whether the auth server knows second factors: asked once in a while, for it does not say by itself. */
import { probeFactors } from "../_shared/auth_factors.ts";
import type { Client } from "../_shared/auth_server.ts";
import { accessTokenOf } from "../_shared/session.ts";

const ASKED_EVERY_MS = 10 * 60_000;

let known: { readonly offered: boolean; readonly until: number } | undefined;

/** Whether anybody can have a second factor here. */
export async function offersFactors(client: Client): Promise<boolean> {
  if (known !== undefined && known.until > Date.now()) return known.offered;
  const answer = await probeFactors(await accessTokenOf(client.request), client);
  // One that has factors complains about the kind; one that has none, about the address.
  const offered = answer.ok || answer.refusal.code === "validation_failed";
  known = { offered, until: Date.now() + ASKED_EVERY_MS };
  return offered;
}
