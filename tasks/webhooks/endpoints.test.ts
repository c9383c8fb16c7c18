import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, owner } from "../../scripts/stack/testing.ts";
import { openReceiver, validSignatures } from "../testing/receiver.ts";
import { addWebhook, arrivals, newWebhook, type TestWebhook } from "../testing/webhooks.ts";

vi.setConfig({ testTimeout: 60_000 });
const soon = { timeout: 30_000, interval: 50 };

let hook: TestWebhook;
beforeEach(async () => {
  hook = await newWebhook();
});
afterEach(() => hook.receiver.close());

const call = (path: string, method = "GET", body?: unknown) =>
  api(path, {
    token: hook.tenant.token,
    tenant: hook.tenant.id,
    method,
    ...(body === undefined ? {} : { body }),
  });

type Delivery = {
  id: string;
  event_id: string;
  status: string;
  attempt_count: number;
  error: string | null;
  next_attempt_at: string | null;
};
const deliveries = async (query = "") => {
  const { body } = await call(`/api/webhooks/${hook.id}/deliveries${query}`);
  return (body as { data: Delivery[] }).data;
};
const customer = async (name = "Ada") =>
  (await call("/api/customers", "POST", { name })).body as { id: string };
const endpoint = async () => (await call(`/api/webhooks/${hook.id}`)).body;

describe("an endpoint", () => {
  test("that is dead or slow keeps no other waiting", async () => {
    const slow = await openReceiver();
    slow.answer(() => {}); // never
    try {
      for (let n = 0; n < 3; n += 1) await addWebhook(hook.tenant, slow.url);
      await addWebhook(hook.tenant, "http://127.0.0.1:1/");
      for (let n = 0; n < 40; n += 1) await customer(`No ${n}`);
      await arrivals(hook.receiver, 40);
      const [row] = await owner()<{ pending: number }[]>`
        select count(*)::int as pending from public.webhook_deliveries
        where tenant_id = ${hook.tenant.id} and status = 'pending' and webhook_id <> ${hook.id}`;
      expect(row?.pending).toBeGreaterThan(100);
      expect(slow.received.length).toBeLessThanOrEqual(3 * 20);
    } finally {
      await slow.close();
    }
  });

  test("that fails again and again is asked now and then, not with all that waits", async () => {
    hook.receiver.answer((response) => response.writeHead(500).end());
    await owner()`
      update public.webhooks set failures = 40, failing_since = now() where id = ${hook.id}`;
    for (let n = 0; n < 10; n += 1) await customer(`No ${n}`);
    await vi.waitFor(async () => expect(await deliveries()).toHaveLength(10), soon);
    await arrivals(hook.receiver, 1);
    await vi.waitFor(async () => {
      const [row] =
        await owner()`select retry_at > now() as rests from public.webhooks where id = ${hook.id}`;
      expect(row).toEqual({ rests: true });
    }, soon);
    expect(hook.receiver.received).toHaveLength(1);
    // Once it answers a test it is well, and gets everything.
    hook.receiver.answer((response) => response.writeHead(200).end());
    await call(`/api/webhooks/${hook.id}/test`, "POST");
    await vi.waitFor(
      async () => expect(await deliveries("?status=succeeded")).toHaveLength(11),
      soon,
    );
  });

  test("gets both signatures for a day after its secret was rotated", async () => {
    const { body } = await call(`/api/webhooks/${hook.id}/rotate`, "POST");
    const { secret } = body as { secret: string };
    await customer();
    const [both] = await arrivals(hook.receiver, 1);
    if (!both) throw new Error("it arrived");
    expect(validSignatures(both, secret)).toEqual([true, false]);
    expect(validSignatures(both, hook.secret)).toEqual([false, true]);
    await owner()`
      update private.webhook_secrets set valid_until = now() where webhook_id = ${hook.id} and valid_until is not null`;
    await customer("Bob");
    const [, one] = await arrivals(hook.receiver, 2);
    if (!one) throw new Error("it arrived");
    expect(validSignatures(one, secret)).toEqual([true]);
  });

  test("that is paused gets what waited once it is on again", async () => {
    hook.receiver.answer((response) => response.writeHead(503, { "retry-after": "3600" }).end());
    await customer();
    await arrivals(hook.receiver, 1);
    await call(`/api/webhooks/${hook.id}`, "PATCH", { active: false });
    await customer("not told");
    hook.receiver.answer((response) => response.writeHead(200).end());
    await owner()`update public.webhook_deliveries set next_attempt_at = now() where webhook_id = ${hook.id}`;
    await call(`/api/webhooks/${hook.id}`, "PATCH", { active: true });
    const all = await arrivals(hook.receiver, 2);
    expect(all.map(({ body }) => body.data.name)).toEqual(["Ada", "Ada"]);
  });
});

describe("on request", () => {
  test("a test is sent at once, tried once", async () => {
    hook.receiver.answer((response) => response.writeHead(404).end());
    const { status, body } = await call(`/api/webhooks/${hook.id}/test`, "POST");
    expect([status, body]).toMatchObject([202, { event_type: "webhook.test", status: "pending" }]);
    const [sent] = await arrivals(hook.receiver, 1);
    expect(sent?.body).toMatchObject({ type: "webhook.test", data: { id: hook.id } });
    await vi.waitFor(
      async () =>
        expect(await deliveries()).toMatchObject([{ status: "failed", attempt_count: 1 }]),
      soon,
    );
    expect(await endpoint()).toMatchObject({ failing_since: null });
  });

  test("what was delivered is delivered again, as it was", async () => {
    const { id } = await customer();
    await arrivals(hook.receiver, 1);
    await call(`/api/customers/${id}`, "PATCH", { name: "Bob" });
    await arrivals(hook.receiver, 2);
    await vi.waitFor(
      async () => expect(await deliveries("?status=succeeded")).toHaveLength(2),
      soon,
    );
    const [, oldest] = await deliveries();
    const replay = await call(`/api/webhooks/deliveries/${oldest?.id}/replay`, "POST");
    expect(replay.status).toBe(202);
    const [first, , again] = await arrivals(hook.receiver, 3);
    expect([again?.id, again?.text]).toEqual([first?.id, first?.text]);
  });
});
