import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { api, owner, type Person } from "../../scripts/stack/testing.ts";
import { newWebhook, type TestWebhook } from "../../tasks/testing/webhooks.ts";
import { auditList } from "../_shared/contracts/audit.ts";
import { timeline, type TimelineEntry } from "../_shared/contracts/timeline.ts";

vi.setConfig({ testTimeout: 60_000 });
const soon = { timeout: 30_000, interval: 50 };

let hook: TestWebhook;
let member: Person;
let order: string;
beforeAll(async () => {
  hook = await newWebhook();
  member = await hook.tenant.join("member");
  const { body } = await api("/api/orders", {
    token: hook.tenant.token,
    body: { currency: "KWD", items: [{ name: "Bolt", quantity: 3, unit_price: 10 }] },
  });
  order = (body as { id: string }).id;
});
afterAll(() => hook.receiver.close());

async function history(token = hook.tenant.token): Promise<TimelineEntry[]> {
  const { body } = await api(`/api/orders/${order}/timeline`, { token, tenant: hook.tenant.id });
  return timeline.parse(body).data;
}

const kinds = async (token?: string) => (await history(token)).map(({ kind }) => kind);

async function patch(body: unknown): Promise<void> {
  const { token } = hook.tenant;
  const { status } = await api(`/api/orders/${order}`, { method: "PATCH", token, body });
  expect(status).toBe(200);
}

test("what webhooks were told of a record is in its history, for admins alone", async () => {
  await vi.waitFor(async () => {
    expect(await kinds()).toEqual(["webhook_delivered", "created"]);
  }, soon);
  hook.receiver.answer((response) => response.writeHead(410).end());
  await patch({ notes: "n" });
  const all = ["webhook_failed", "updated", "webhook_delivered", "created"];
  await vi.waitFor(async () => expect(await kinds()).toEqual(all), soon);
  const { host } = new URL(hook.receiver.url);
  expect(await history()).toMatchObject([
    {
      summary: `Webhook order.updated could not be delivered to ${host}`,
      actor: { kind: "system" },
    },
    { summary: "Changed notes", changes: { notes: [null, "n"] } },
    { summary: `Webhook order.created delivered to ${host}`, at: expect.any(String) },
    {},
  ]);
  expect(await kinds(member.token)).toEqual(["updated", "created"]);
  const admin = await hook.tenant.join("admin");
  expect(await kinds(admin.token)).toEqual(all);
});

test("amounts in a history and in the log say what they are in", async () => {
  await patch({ shipping_total: 2.5 });
  await patch({ items: [{ name: "Bolt", quantity: 4, unit_price: 10 }] });
  const changed = (await history()).filter(({ kind }) => /^(item_changed|updated)$/.test(kind));
  expect(changed).toMatchObject([
    { kind: "item_changed", currency: "KWD", changes: { line_total: [30, 40] } },
    { kind: "updated", currency: "KWD", changes: { shipping_total: [0, 2.5], total: [30, 32.5] } },
    { kind: "updated", changes: { notes: [null, "n"] } },
  ]);
  // Whoever changes the currency later does not change what was.
  await owner()`update public.orders set currency = 'JPY', shipping_total = 2 where id = ${order}`;
  const { body } = await api(`/api/audit?entity_id=${order}&entity_type=order`, {
    token: hook.tenant.token,
  });
  const [now, , before] = auditList.parse(body).data;
  expect(now).toMatchObject({
    changes: { currency: ["KWD", "JPY"] },
    metadata: { currency: "JPY" },
  });
  expect(before?.metadata).toMatchObject({ currency: "KWD" });
});
