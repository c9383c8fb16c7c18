/** Whether the auth server knows second factors: found out by asking, for it does not say by itself. */
import { probeFactors } from "../_shared/auth_factors.ts";
import type { Client } from "../_shared/auth_server.ts";
import { accessTokenOf } from "../_shared/session.ts";

let offered = false;

/** Whether anybody can have a second factor here. */
export async function offersFactors(client: Client): Promise<boolean> {
  // Only a yes is kept: a no may be about this session, which has ended, say.
  if (offered) return true;
  const answer = await probeFactors(await accessTokenOf(client.request), client);
  // One that has factors complains about the kind; one that has none, about the address.
  offered = answer.ok || answer.refusal.code === "validation_failed";
  return offered;
}
