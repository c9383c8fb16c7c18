import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, owner, rest } from "../../scripts/stack/testing.ts";
import { validSignatures } from "../testing/receiver.ts";
import { addWebhook, arrivals, newWebhook, type TestWebhook } from "../testing/webhooks.ts";

vi.setConfig({ testTimeout: 60_000 });

let hook: TestWebhook;
beforeEach(async () => {
  hook = await newWebhook();
});
afterEach(() => hook.receiver.close());

const call = (path: string, method?: string, body?: unknown) =>
  api(path, {
    token: hook.tenant.token,
    tenant: hook.tenant.id,
    ...(method ? { method } : {}),
    ...(body === undefined ? {} : { body }),
  });

type Made = { id: string; [field: string]: unknown };
const make = async (path: string, body: unknown) => (await call(path, "POST", body)).body as Made;

const items = [
  { name: "Chair", quantity: 2, unit_price: 10, tax_rate: 19 },
  { name: "Table", quantity: 1, unit_price: 99.5 },
];

/** The types of what arrived, in its order. */
const types = () => hook.receiver.received.map(({ body }) => body.type);
const settled = () => new Promise((resolve) => setTimeout(resolve, 1_500));

describe("an order", () => {
  test("tells of each thing that happens to it, as its GET gives it", async () => {
    const order = await make("/api/orders", { items });
    await arrivals(hook.receiver, 1);
    await call(`/api/orders/${order.id}`, "PATCH", { notes: "by Friday", shipping_total: 5 });
    await arrivals(hook.receiver, 2);
    await call(`/api/orders/${order.id}`, "PATCH", { items: [items[0]] });
    await arrivals(hook.receiver, 3);
    await call(`/api/orders/${order.id}`, "PATCH", { status: "processing", notes: null });
    await arrivals(hook.receiver, 4);
    await call(`/api/orders/${order.id}`, "DELETE");
    await arrivals(hook.receiver, 5);
    await call(`/api/orders/${order.id}/restore`, "POST");
    const all = await arrivals(hook.receiver, 6);

    expect(types()).toEqual([
      "order.created",
      "order.updated",
      "order.updated",
      "order.status_changed",
      "order.deleted",
      "order.restored",
    ]);
    const [created, noted, shortened, moved, deleted, restored] = all.map(({ body }) => body);
    expect(created?.data).toEqual(order);
    expect(noted?.data.previous).toEqual({ notes: null, shipping_total: 0, total: 123.3 });
    expect(shortened?.data.previous).toEqual({
      items: [expect.objectContaining({ name: "Table", position: 2, line_total: 99.5 })],
      subtotal: 119.5,
      total: 128.3,
    });
    expect(moved?.data).toMatchObject({
      status: "processing",
      previous: { status: "pending", notes: "by Friday" },
    });
    expect(deleted?.data).toMatchObject({ id: order.id, deleted_at: expect.any(String) });
    const { body: now } = await call(`/api/orders/${order.id}`);
    expect(restored?.data).toEqual(now);
    expect(all.every(({ body, id }) => body.id === id)).toBe(true);
    expect(created).toMatchObject({ tenant_id: hook.tenant.id });
    expect(Object.keys(created ?? {})).toEqual(["id", "type", "timestamp", "tenant_id", "data"]);
  });

  test("is told through every door, and once for each transaction", async () => {
    const { id: tenant, token } = hook.tenant;
    const { body } = await rest("orders", {
      token,
      tenant,
      body: { notes: "by rest" },
      headers: { prefer: "return=representation" },
    });
    const [made] = body as [Made];
    await arrivals(hook.receiver, 1);
    await owner().begin(async (sql) => {
      await sql`update public.orders set notes = 'by psql' where id = ${made.id}`;
      await sql`update public.orders set status = 'processing' where id = ${made.id}`;
      await sql`update public.orders set notes = 'by psql, again' where id = ${made.id}`;
      await sql`insert into public.order_items (tenant_id, order_id, position, name, quantity, unit_price)
        values (${tenant}, ${made.id}, 1, 'Lamp', 1, 20)`;
    });
    const [, changed] = await arrivals(hook.receiver, 2);
    expect(changed?.body).toMatchObject({
      type: "order.status_changed",
      data: {
        notes: "by psql, again",
        total: 20,
        items: [{ name: "Lamp" }],
        previous: { notes: "by rest", status: "pending", items: [], total: 0 },
      },
    });
    await owner()`delete from public.orders where id = ${made.id}`;
    const [, , deleted] = await arrivals(hook.receiver, 3);
    expect(deleted?.body).toMatchObject({
      type: "order.deleted",
      data: { id: made.id, items: [{ name: "Lamp" }] },
    });
  });

  test("is not told of when nothing remains of what was done", async () => {
    const order = await make("/api/orders", { items });
    await arrivals(hook.receiver, 1);
    await owner().begin(async (sql) => {
      await sql`update public.orders set notes = 'there' where id = ${order.id}`;
      await sql`update public.orders set notes = null where id = ${order.id}`;
      const [other] =
        await sql`insert into public.orders (tenant_id) values (${hook.tenant.id}) returning id`;
      await sql`delete from public.orders where id = ${other?.id}`;
    });
    await owner()
      .begin(async (sql) => {
        await sql`update public.orders set notes = 'rolled back' where id = ${order.id}`;
        throw new Error("no");
      })
      .catch(() => {});
    await call(`/api/orders/${order.id}`, "PATCH", { status: "pending" });
    await call(`/api/orders/${order.id}`, "DELETE");
    await arrivals(hook.receiver, 2);
    // What is purged from the trash was deleted before.
    await owner()`delete from public.orders where id = ${order.id}`;
    await call(`/api/webhooks/${hook.id}/test`, "POST");
    await arrivals(hook.receiver, 3);
    expect(types()).toEqual(["order.created", "order.deleted", "webhook.test"]);
  });
});

describe("every other event", () => {
  test("of customers and products", async () => {
    const customer = await make("/api/customers", { name: "Ada" });
    const product = await make("/api/products", { sku: "A-1", name: "Chair", unit_price: 9.9 });
    await arrivals(hook.receiver, 2);
    await call(`/api/customers/${customer.id}`, "PATCH", { name: "Ada L.", tags: ["vip"] });
    await call(`/api/products/${product.id}`, "PATCH", { unit_price: 12 });
    await arrivals(hook.receiver, 4);
    await call(`/api/customers/${customer.id}`, "DELETE");
    await call(`/api/products/${product.id}`, "DELETE");
    const all = await arrivals(hook.receiver, 6);
    const of = (id: string) => all.map(({ body }) => body).filter(({ data }) => data.id === id);
    expect(of(customer.id)).toMatchObject([
      { type: "customer.created", data: customer },
      { type: "customer.updated", data: { name: "Ada L.", previous: { name: "Ada", tags: [] } } },
      { type: "customer.deleted", data: { name: "Ada L." } },
    ]);
    expect(of(product.id)).toMatchObject([
      { type: "product.created", data: product },
      { type: "product.updated", data: { unit_price: 12, previous: { unit_price: 9.9 } } },
      { type: "product.deleted" },
    ]);
  });

  test("of files, exports and members", async () => {
    const order = await make("/api/orders", { items });
    const bytes = Buffer.from("a file");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const upload = await make("/api/uploads/presign", {
      file_name: "note.txt",
      content_type: "text/plain",
      byte_size: bytes.length,
      sha256,
      entity_type: "order",
      entity_id: order.id,
    });
    await fetch(String(upload.url), {
      method: "PUT",
      headers: upload.headers as Record<string, string>,
      body: bytes,
    });
    await call(`/api/uploads/${upload.attachment_id}/complete`, "POST");
    const asked = await make("/api/orders/export", { format: "csv" });
    const joined = await hook.tenant.join("viewer");
    await arrivals(hook.receiver, 4);
    await call(`/api/members/${joined.id}`, "DELETE");
    const all = await arrivals(hook.receiver, 5);
    const of = (type: string) => all.find(({ body }) => body.type === type)?.body.data;
    expect(of("attachment.ready")).toMatchObject({
      file_name: "note.txt",
      sha256,
      status: "ready",
    });
    const exported = asked.export as Made;
    expect(of("export.succeeded")).toMatchObject({ id: exported.id, status: "succeeded" });
    expect(of("member.joined")).toMatchObject({ user_id: joined.id, role: "viewer" });
    expect(of("member.removed")).toMatchObject({ user_id: joined.id, email: joined.email });
  });
});

describe("who is told", () => {
  test("is who subscribed, each with a signature of their own", async () => {
    const other = await newWebhook();
    const second = await addWebhook(hook.tenant, other.receiver.url, ["order.deleted"]);
    try {
      const order = await make("/api/orders", { items });
      await call(`/api/orders/${order.id}`, "DELETE");
      const [created, deleted] = await arrivals(hook.receiver, 2);
      const [only] = await arrivals(other.receiver, 1);
      if (!created || !deleted || !only) throw new Error("they arrived");
      expect([only.body.type, only.id, only.text]).toEqual([
        "order.deleted",
        deleted.id,
        deleted.text,
      ]);
      expect(validSignatures(created, hook.secret)).toEqual([true]);
      expect(validSignatures(only, second.secret)).toEqual([true]);
      expect(validSignatures(only, hook.secret)).toEqual([false]);
    } finally {
      await other.receiver.close();
    }
  });

  test("is nobody while there is no active endpoint: nothing is written", async () => {
    await call(`/api/webhooks/${hook.id}`, "PATCH", { active: false });
    await make("/api/orders", { items });
    const noted = await owner()`select from private.events where tenant_id = ${hook.tenant.id}`;
    expect(noted).toHaveLength(0);
    await settled();
    expect(hook.receiver.received).toHaveLength(0);
  });

  test("of a tenant that is erased, nobody", async () => {
    await make("/api/orders", { items });
    await arrivals(hook.receiver, 1);
    await owner()`delete from public.tenants where id = ${hook.tenant.id}`;
    const left = await owner()`
      select from public.webhook_deliveries where tenant_id = ${hook.tenant.id}`;
    expect(left).toHaveLength(0);
  });
});
