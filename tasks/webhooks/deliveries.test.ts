import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, owner } from "../../scripts/stack/testing.ts";
import { validSignatures } from "../testing/receiver.ts";
import { arrivals, newWebhook, type TestWebhook } from "../testing/webhooks.ts";

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

describe("a delivery that fails", () => {
  test("is tried again by the schedule, under the same id, and then given up", async () => {
    hook.receiver.answer((response) => response.writeHead(500).end("out of order"));
    await customer();
    await vi.waitFor(async () => {
      expect(await deliveries()).toMatchObject([
        { status: "failed", attempt_count: 4, error: "It answered 500.", next_attempt_at: null },
      ]);
    }, soon);
    const { received } = hook.receiver;
    expect(received).toHaveLength(4);
    expect(new Set(received.map(({ id }) => id)).size).toBe(1);
    expect(new Set(received.map(({ text }) => text)).size).toBe(1);
    expect(received.every((one) => validSignatures(one, hook.secret)[0])).toBe(true);

    const [{ id } = { id: "" }] = await deliveries("?status=failed");
    const { body } = await call(`/api/webhooks/deliveries/${id}`);
    expect(body).toMatchObject({
      request_body: received[0]?.text,
      attempts: Array(4).fill({
        error: "It answered 500.",
        request: { url: hook.receiver.url, headers: { "webhook-id": received[0]?.id } },
        response: { status: 500, body: "out of order" },
      }),
    });
    expect(JSON.stringify(body)).not.toContain(hook.secret.slice(6));
    expect(await endpoint()).toMatchObject({
      active: true,
      last_success_at: null,
      last_failure_at: expect.any(String),
      failing_since: expect.any(String),
    });
  });

  test("waits as long as Retry-After asks", async () => {
    hook.receiver.answer((response) => response.writeHead(503, { "retry-after": "3600" }).end());
    await customer();
    await vi.waitFor(async () => {
      const [one] = await deliveries();
      expect(one).toMatchObject({ status: "pending", attempt_count: 1 });
      const wait = Date.parse(one?.next_attempt_at ?? "") - Date.now();
      expect(wait).toBeGreaterThan(3_000_000);
    }, soon);
    // Nor is it asked about others meanwhile.
    await customer("Bob");
    await vi.waitFor(async () => expect(await deliveries()).toHaveLength(2), soon);
    expect(hook.receiver.received).toHaveLength(1);
  });

  test("holds up the later ones of its record, and no others", async () => {
    const [first, second] = [await customer("first"), await customer("second")];
    await arrivals(hook.receiver, 2);
    let refusals = 2;
    hook.receiver.answer((response, { body }) => {
      const refused = body.data.id === first.id && refusals-- > 0;
      response.writeHead(refused ? 500 : 204).end();
    });
    for (const name of ["a", "b", "c"]) {
      for (const { id } of [first, second]) await call(`/api/customers/${id}`, "PATCH", { name });
    }
    const all = await arrivals(hook.receiver, 10);
    const names = (id: string) =>
      all.filter(({ body }) => body.data.id === id).map(({ body }) => body.data.name);
    expect(names(second.id)).toEqual(["second", "a", "b", "c"]);
    expect(names(first.id)).toEqual(["first", "a", "a", "a", "b", "c"]);
  });

  test("410 turns its endpoint off at once, and says so to the admins", async () => {
    hook.receiver.answer((response) => response.writeHead(410).end());
    const admin = await hook.tenant.join("admin");
    await vi.waitFor(
      async () =>
        expect(await endpoint()).toMatchObject({
          active: false,
          disabled_reason: "It answered 410.",
        }),
      soon,
    );
    await vi.waitFor(async () => {
      const mails = await owner()<{ recipient: string }[]>`
        select recipient from public.emails
        where tenant_id = ${hook.tenant.id} and template = 'webhook_disabled' and status = 'sent'`;
      expect(mails.map(({ recipient }) => recipient).toSorted()).toEqual(
        [hook.tenant.owner.email, admin.email].toSorted(),
      );
    }, soon);
    expect(await deliveries("?status=pending")).toEqual([]);
  });

  test("after five days of failures it is turned off, not before", async () => {
    hook.receiver.answer((response) => response.writeHead(500).end());
    await customer();
    await vi.waitFor(async () => expect(await deliveries("?status=failed")).toHaveLength(1), soon);
    expect(await endpoint()).toMatchObject({ active: true });
    await owner()`
      update public.webhooks set failing_since = now() - interval '5 days 1 minute'
      where id = ${hook.id}`;
    await customer("Bob");
    await vi.waitFor(
      async () =>
        expect(await endpoint()).toMatchObject({
          active: false,
          disabled_reason: "It answered 500.",
        }),
      soon,
    );
    // Turned on again it begins anew, and what failed can be sent again.
    hook.receiver.answer((response) => response.writeHead(200).end());
    await call(`/api/webhooks/${hook.id}`, "PATCH", { active: true });
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const replay = await call(`/api/webhooks/${hook.id}/replay`, "POST", { since });
    expect([replay.status, replay.body]).toEqual([202, { replayed: 2 }]);
    await vi.waitFor(
      async () => expect(await deliveries("?status=succeeded")).toHaveLength(2),
      soon,
    );
    expect(await endpoint()).toMatchObject({ disabled_reason: null, failing_since: null });
  });
});

test("what arrives well is sent once, however much there is", async () => {
  hook.receiver.answer((response) => {
    setTimeout(() => response.writeHead(204).end(), 40 * Math.random());
  });
  await owner()`
    insert into public.customers (tenant_id, name)
    select ${hook.tenant.id}, 'No ' || n from generate_series(1, 400) as n`;
  await vi.waitFor(async () => {
    const [row] = await owner()<{ done: number }[]>`
      select count(*)::int as done from public.webhook_deliveries
      where webhook_id = ${hook.id} and status = 'succeeded'`;
    expect(row?.done).toBe(400);
  }, soon);
  const { received } = hook.receiver;
  expect([received.length, new Set(received.map(({ id }) => id)).size]).toEqual([400, 400]);
});

test("what no job works on is taken up again", async () => {
  hook.receiver.answer((response) => response.writeHead(503, { "retry-after": "3600" }).end());
  await customer();
  await arrivals(hook.receiver, 1);
  hook.receiver.answer((response) => response.writeHead(200).end());
  const key = `webhook:${hook.id}`;
  await vi.waitFor(async () => {
    const jobs = await owner()`
      select from graphile_worker._private_jobs where key = ${key} and locked_at is null`;
    expect(jobs).toHaveLength(1);
  }, soon);
  await owner()`delete from graphile_worker._private_jobs where key = ${key}`;
  await owner()`
    update public.webhook_deliveries set next_attempt_at = now() - interval '2 minutes'
    where webhook_id = ${hook.id}`;
  await owner()`update public.webhooks set retry_at = null where id = ${hook.id}`;
  await owner()`select private.tend_webhooks()`;
  await arrivals(hook.receiver, 2);
});
