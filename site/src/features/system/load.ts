import { type Health, health } from "../../../../functions/_shared/contracts/health.ts";
import type { System } from "../../../../functions/_shared/contracts/system.ts";
import { type Api, ApiError } from "../../lib/api/client.ts";
import { ANSWERS_WITHIN_MS, type Caller, functionsBase } from "../../lib/server/functions.ts";

/** What could not be asked is null: this page is looked at most when something is wrong. */
export type Seen = { system: System | null; health: Health | null };

/** Asks how everything is, as the caller. */
export async function loadSystem(api: Api, caller: Caller): Promise<Seen> {
  const [system, parts] = await Promise.all([loadReport(api), loadHealth(caller)]);
  return { system, health: parts };
}

async function loadReport(api: Api): Promise<System | null> {
  try {
    return await api<System>("GET", "/system");
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/**
 * Health answers with a body when something is down, too: 503 is news, not a failure. Asked from inside,
 * as the portal itself: then it says why a part is not well.
 */
async function loadHealth(caller: Caller): Promise<Health | null> {
  try {
    const answer = await fetch(`${functionsBase}/healthz`, {
      headers: { "x-request-id": caller.requestId },
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    });
    return health.parse(await answer.json());
  } catch {
    return null;
  }
}
