import { expect, test } from "vitest";
import { api, newTenant, owner } from "../../scripts/stack/testing.ts";
import { orderFigures } from "../_shared/contracts/orders.ts";
import { expectProblem, get, item, placeOrder } from "../_shared/testing.ts";

/** In the afternoon of a day, fourteen hours east of Greenwich. */
const at = (day: string) => `${day}T00:30:00Z`;

/** The day before the first of a month. */
const dayBefore = (day: string) =>
  new Date(Date.parse(at(day)) - 86_400_000).toISOString().slice(0, 10);

test("the figures are those of the analysts' views, in the tenant's own month", async () => {
  const tenant = await newTenant({ currency: "EUR", timeZone: "Pacific/Kiritimati" });
  const who = { token: tenant.token, tenant: tenant.id };
  const read = async (token = tenant.token) =>
    orderFigures.parse(await get("/orders/figures", { token, tenant: tenant.id }));
  const nothing = { orders: 0, net: 0 };
  const empty = await read();
  expect(empty.currencies).toEqual([
    { currency: "EUR", this_month: nothing, last_month: nothing, open: nothing },
  ]);
  const { this_month, last_month } = empty;
  expect([dayBefore(this_month.first), this_month.first.slice(8)]).toEqual([last_month.last, "01"]);

  const placed = (price: number, day: string, more: Record<string, unknown> = {}) =>
    placeOrder(who, {
      items: [item({ unit_price: price, tax_rate: 19 })],
      shipping_total: 5,
      placed_at: at(day),
      ...more,
    });
  await placed(100, this_month.first);
  await placed(20.5, this_month.first);
  await placed(7, last_month.last);
  await placed(1_000, dayBefore(last_month.first)); // open still, but of neither month
  await placed(3_000, this_month.first, { currency: "JPY" });
  // East of everybody: what is the last of the month in London is the first of the next here.
  const edge = new Date(Date.parse(`${this_month.first}T00:00:00Z`) - 14 * 3_600_000);
  await placed(1, this_month.first, { placed_at: edge.toISOString() });
  await placed(2, this_month.first, { placed_at: new Date(edge.getTime() - 1).toISOString() });
  const cancelled = await placed(5_000, this_month.first);
  const trashed = await placed(6_000, this_month.first);
  const shipped = await placed(40, this_month.first);
  for (
    const [id, ...path] of [[cancelled.id, "cancelled"], [shipped.id, "processing", "shipped"]]
  ) {
    for (const status of path) {
      const { status: code } = await api(`/orders/${id}`, {
        ...who,
        method: "PATCH",
        body: { status },
      });
      expect(code).toBe(200);
    }
  }
  expect((await api(`/orders/${trashed.id}`, { ...who, method: "DELETE" })).status).toBe(204);

  const expected = [
    {
      currency: "EUR",
      this_month: { orders: 4, net: 161.5 },
      last_month: { orders: 2, net: 9 },
      open: { orders: 6, net: 1130.5 },
    },
    {
      currency: "JPY",
      this_month: { orders: 1, net: 3000 },
      last_month: nothing,
      open: { orders: 1, net: 3000 },
    },
  ];
  expect((await read()).currencies).toEqual(expected);
  const viewer = await tenant.join("viewer");
  expect((await read(viewer.token)).currencies).toEqual(expected);

  const view = await owner()`
    select o.currency, count(*)::int as orders, sum(o.subtotal)::float8 as net
    from public.orders o join public.tenants t on t.id = o.tenant_id
    where o.tenant_id = ${tenant.id} and o.deleted_at is null and o.status <> 'cancelled'
      and date_trunc('month', o.placed_at at time zone t.time_zone)::date = ${this_month.first}
    group by 1 order by 1`;
  expect(view.map(({ currency, ...figure }) => [currency, figure])).toEqual(
    expected.map(({ currency, this_month: figure }) => [currency, figure]),
  );
});

test("the figures are a member's, of their own tenant", async () => {
  const [ours, theirs] = [await newTenant(), await newTenant()];
  const foreign = await api("/orders/figures", { token: theirs.token, tenant: ours.id });
  expectProblem(foreign, 403, "forbidden");
  expectProblem(await api("/orders/figures", { tenant: ours.id }), 401, "unauthenticated");
  const key = async (scopes: string[]) => {
    const body = { label: "Figures", role: "viewer", scopes };
    return ((await api("/api-keys", { token: ours.token, body })).body as { key: string }).key;
  };
  expect((await api("/orders/figures", { token: await key(["orders:read"]) })).status).toBe(200);
  const other = await api("/orders/figures", { token: await key(["products:read"]) });
  expectProblem(other, 403, "forbidden");
});
