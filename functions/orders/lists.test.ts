/** The one list mechanism, on its richest list; customers and products have short tests of their own. */
import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
import { type Order, ORDER_SORTS, ORDER_STATUSES } from "../_shared/contracts/orders.ts";
import {
  addCustomer,
  allPages,
  ask,
  get,
  item,
  type List,
  placeOrder,
} from "../_shared/testing.ts";

const COUNT = 53;
let tenant: TestTenant;
let orders: Order[];
let customerIds: string[];

beforeAll(async () => {
  tenant = await newTenant({ timeZone: "Asia/Tokyo" });
  const customers = await Promise.all(
    ["Zoë & Söhne", "anna", "Müller", "Müller"].map((name) => addCustomer(tenant, name)),
  );
  customerIds = customers.map(({ id }) => id);
  // Many ties on purpose: few prices, few customers, few moments, some orders without a customer.
  for (let index = 0; index < COUNT; index++) {
    const order = await placeOrder(tenant, {
      placed_at: `2026-03-${String(1 + (index % 5)).padStart(2, "0")}T12:00:00Z`,
      items: [item({ unit_price: (index % 4) * 10.5 })],
      ...(index % 3 === 0 ? {} : { customer_id: customerIds[index % customerIds.length] }),
      ...(index === 7 ? { notes: "Please deliver to the warehouse" } : {}),
    });
    const status = ORDER_STATUSES[index % 3]!;
    for (const step of ["processing", "shipped"].slice(0, ORDER_STATUSES.indexOf(status))) {
      await ask(`/orders/${order.id}`, { ...tenant, method: "PATCH", body: { status: step } });
    }
  }
  orders = (await get<List<Order>>("/orders?limit=200", tenant)).data;
  expect(orders).toHaveLength(COUNT);
}, 120_000);

const ids = (some: readonly Order[]) => some.map(({ id }) => id);
const list = (query: string) => get<List<Order>>(`/orders?limit=200&${query}`, tenant);

/** What the sort says, once more, without a database. */
function inOrder(sort: string): string[] {
  const descends = sort.startsWith("-");
  const by = sort.replace("-", "");
  const value = (order: Order): string | number | null =>
    by === "placed_at"
      ? Date.parse(order.placed_at)
      : by === "number"
      ? order.number
      : by === "total"
      ? order.total
      : by === "status"
      ? ORDER_STATUSES.indexOf(order.status)
      : order.customer?.name ?? null;
  const compare = (a: string | number, b: string | number) => a < b ? -1 : a > b ? 1 : 0;
  return ids([...orders].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null && b !== null) return 1;
    if (b === null && a !== null) return -1;
    const ascending = (a !== null && b !== null ? compare(a, b) : 0) || compare(one.id, other.id);
    return descends ? -ascending : ascending;
  }));
}

describe.each(ORDER_SORTS)("sorted by %s", (sort) => {
  test.each([1, 7, 25, 53, 200])(
    "in pages of %i both ways it is the complete set",
    async (limit) => {
      const path = `/orders?sort=${sort}&limit=${limit}`;
      const forwards = await allPages<Order>(path, tenant);
      expect(ids(forwards.pages.flat())).toEqual(inOrder(sort));
      const lengths = forwards.pages.map(({ length }) => length);
      expect(lengths.slice(0, -1).every((length) => length === limit)).toBe(true);
      if (forwards.pages.length === 1) {
        expect(forwards.last).toMatchObject({ next_cursor: null, prev_cursor: null });
        return;
      }
      const back = await allPages<Order>(path, tenant, "prev", forwards.last.prev_cursor);
      expect(back.pages.map(ids).reverse()).toEqual(forwards.pages.slice(0, -1).map(ids));
    },
  );
});

test("the default is 25 of the newest", async () => {
  const { data, page } = await get<List<Order>>("/orders", tenant);
  expect(ids(data)).toEqual(inOrder("-placed_at").slice(0, 25));
  expect(page).toEqual({
    limit: 25,
    next_cursor: expect.any(String),
    prev_cursor: null,
    total: { count: COUNT, kind: "exact" },
  });
});

describe("filters", () => {
  const expectOnly = async (query: string, keep: (order: Order) => boolean) => {
    const kept = orders.filter(keep);
    const { data, page } = await list(query);
    expect(ids(data)).toEqual(inOrder("-placed_at").filter((id) => ids(kept).includes(id)));
    expect(page.total).toEqual({ count: kept.length, kind: "exact" });
  };

  test("status, one or several", async () => {
    await expectOnly("status=shipped", ({ status }) => status === "shipped");
    await expectOnly("status=pending,shipped", ({ status }) => status !== "processing");
    await expectOnly("status=delivered", () => false);
  });

  test("customer", async () => {
    const [, , customer] = customerIds;
    await expectOnly(`customer_id=${customer}`, (order) => order.customer?.id === customer);
    await expectOnly(`customer_id=${orders[0]!.id}`, () => false);
  });

  test("total", async () => {
    await expectOnly("total_min=10.5", ({ total }) => total >= 10.5);
    await expectOnly("total_max=10.5", ({ total }) => total <= 10.5);
    await expectOnly("total_min=10.51&total_max=21", ({ total }) => total === 21);
    await expectOnly("total_min=-5&total_max=-1", () => false);
  });

  test("time of placing: a moment, inclusive at both ends", async () => {
    const at = (order: Order) => Date.parse(order.placed_at);
    const noon = "2026-03-03T12:00:00Z";
    await expectOnly(`placed_from=${noon}`, (order) => at(order) >= Date.parse(noon));
    await expectOnly(`placed_to=${noon}`, (order) => at(order) <= Date.parse(noon));
    const plus = encodeURIComponent("2026-03-03T14:00:00+02:00");
    await expectOnly(`placed_from=${plus}&placed_to=${plus}`, (order) =>
      at(order) === at(order) &&
      order.placed_at.startsWith("2026-03-03"));
  });

  test("time of placing: a day of the tenant's, the last one included", async () => {
    await placeOrder(tenant, { placed_at: "2025-07-01T15:30:00Z" }); // 2 July, half past midnight
    await placeOrder(tenant, { placed_at: "2025-07-02T14:59:59.999Z" }); // 2 July, last second
    await placeOrder(tenant, { placed_at: "2025-07-02T15:00:00Z" }); // 3 July, midnight
    const placed = async (query: string) =>
      (await list(query)).data.map(({ placed_at }) => placed_at.slice(0, 16));
    expect(await placed("placed_from=2025-07-02&placed_to=2025-07-02")).toEqual([
      "2025-07-02T14:59",
      "2025-07-01T15:30",
    ]);
    expect(await placed("placed_from=2025-07-03&placed_to=2025-07-31")).toEqual([
      "2025-07-02T15:00",
    ]);
    for (const { id } of (await list("placed_to=2025-12-31")).data) {
      await ask(`/orders/${id}`, { ...tenant, method: "DELETE" });
    }
  });

  test("all at once, with a cursor", async () => {
    const query =
      "status=pending,processing&total_min=1&placed_from=2026-03-02&sort=-total&limit=3";
    const { pages } = await allPages<Order>(`/orders?${query}`, tenant);
    const wanted = orders.filter(({ status, total, placed_at }) =>
      status !== "shipped" && total >= 1 && placed_at >= "2026-03-01T15"
    );
    expect(ids(pages.flat())).toEqual(inOrder("-total").filter((id) => ids(wanted).includes(id)));
  });
});

describe("search", () => {
  test.each([
    ["its number", () => orders[5]!.number, () => [orders[5]!.id]],
    ["part of its number, in small letters", () => orders[5]!.number.toLowerCase().slice(-4), null],
    ["its notes", () => "warehouse", () => [noted()]],
    ["its notes with a wrong letter", () => "warehpuse", () => [noted()]],
    ["its notes with a letter missing", () => "warehose", () => [noted()]],
    ["its customer's name", () => "Zoë", () => named("Zoë & Söhne")],
    ["its customer's name with a wrong letter", () => "Mxller", () => named("Müller")],
    ["its customer's name in capitals", () => "MÜLLER", () => named("Müller")],
  ])("finds an order by %s", async (_, q, found) => {
    const { data } = await list(`q=${encodeURIComponent(q())}`);
    if (found === null) expect(ids(data)).toContain(orders[5]!.id);
    else expect(ids(data).sort()).toEqual([...found()].sort());
  });

  const noted = () => orders.find(({ notes }) => notes !== null)!.id;
  const named = (name: string) => ids(orders.filter(({ customer }) => customer?.name === name));

  test.each(["%", "_", "\\", "'; drop table orders; --", "<script>", "🦄🦄", "((((", "*", " x "])(
    "takes %s for what it is",
    async (q) => {
      expect((await list(`q=${encodeURIComponent(q)}`)).data).toEqual([]);
    },
  );

  test("goes together with filters, sort and cursor", async () => {
    const { pages } = await allPages<Order>(
      `/orders?q=${encodeURIComponent("Müller")}&sort=total&limit=4&status=pending`,
      tenant,
    );
    const wanted = orders.filter(({ customer, status }) =>
      customer?.name === "Müller" && status === "pending"
    );
    expect(ids(pages.flat())).toEqual(inOrder("total").filter((id) => ids(wanted).includes(id)));
  });
});

test("an unchanged list is 304, a changed one is not", async () => {
  const fresh = await newTenant();
  await placeOrder(fresh);
  const before = await ask("/orders", fresh);
  const etag = before.headers.get("etag")!;
  expect(etag).toMatch(/^W\/".+"$/);
  const again = (tag: string) => ask("/orders", { ...fresh, headers: { "if-none-match": tag } });
  const unchanged = await again(etag);
  expect(unchanged).toMatchObject({ status: 304, body: "" });
  expect(unchanged.headers.get("etag")).toBe(etag);
  expect((await again(`"other", ${etag}`)).status).toBe(304);
  expect((await again('"other"')).status).toBe(200);
  await placeOrder(fresh);
  const changed = await again(etag);
  expect(changed.status).toBe(200);
  expect(changed.headers.get("etag")).not.toBe(etag);
});

test("beyond 10,000 the total is the planner's estimate", async () => {
  const fresh = await newTenant();
  await owner()`
    insert into public.orders (tenant_id, currency, placed_at)
    select ${fresh.id}, 'EUR', now() - n * interval '1 minute' from generate_series(1, 10050) as n`;
  await owner()`analyze public.orders`;
  const { page } = await get<List<Order>>("/orders", fresh);
  expect(page.total.kind).toBe("estimated");
  expect(page.total.count).toBeGreaterThan(10_000);
  expect(page.total.count).toBeLessThan(20_000);
  const few = await get<List<Order>>("/orders?status=shipped", fresh);
  expect(few.page.total).toEqual({ count: 0, kind: "exact" });
}, 120_000);
