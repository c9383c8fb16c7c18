/** Endpoints for tests. */
import { vi } from "vitest";
import { z } from "zod";
import { EVENT_TYPES } from "../../functions/_shared/contracts/webhooks.ts";
import { api, newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import { openReceiver, type Receiver } from "./receiver.ts";

export type TestWebhook = {
  readonly tenant: TestTenant;
  readonly id: string;
  readonly secret: string;
  readonly receiver: Receiver;
};

const made = z.object({ id: z.string(), secret: z.string() });

/** Adds an endpoint to a tenant. */
export async function addWebhook(
  tenant: TestTenant,
  url: string,
  events: readonly string[] = EVENT_TYPES,
): Promise<{ id: string; secret: string }> {
  const { body } = await api("/api/webhooks", {
    token: tenant.token,
    tenant: tenant.id,
    body: { url, events },
  });
  return made.parse(body);
}

/** A new tenant with an endpoint of this machine that gets every event. */
export async function newWebhook(events: readonly string[] = EVENT_TYPES): Promise<TestWebhook> {
  const receiver = await openReceiver();
  const tenant = await newTenant();
  return { tenant, receiver, ...(await addWebhook(tenant, receiver.url, events)) };
}

/** Waits until so many have arrived, and gives them. */
export async function arrivals({ received }: Receiver, count: number) {
  await vi.waitFor(
    () => {
      if (received.length < count) throw new Error(`${received.length} of ${count} have arrived`);
    },
    { timeout: 30_000, interval: 20 },
  );
  return received;
}
