/** Cursors, and queries that lists refuse. */
import { Buffer } from "node:buffer";
import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, type TestTenant } from "../../scripts/stack/testing.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import {
  allPages,
  ask,
  expectProblem,
  get,
  type List,
  pathsOf,
  placeOrder,
} from "../_shared/testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
  for (let index = 0; index < 12; index++) await placeOrder(tenant);
});

const ids = (some: readonly Order[]) => some.map(({ id }) => id);

describe("a query that does not fit is refused", () => {
  test.each([
    ["limit=0", "limit"],
    ["limit=201", "limit"],
    ["limit=-1", "limit"],
    ["limit=abc", "limit"],
    ["limit=1e2", "limit"],
    ["limit=99999999999999999999", "limit"],
    ["limit=5&limit=6", "limit"],
    ["sort=name", "sort"],
    ["sort=--total", "sort"],
    ["sort=total;drop", "sort"],
    ["status=lost", "status.0"],
    ["status=pending,", "status.1"],
    ["customer_id=7", "customer_id"],
    ["placed_from=yesterday", "placed_from"],
    ["placed_from=2026-02-30", "placed_from"],
    ["placed_to=2026-02-03T25:00:00Z", "placed_to"],
    ["placed_to=0000-01-01", "placed_to"],
    ["total_min=NaN", "total_min"],
    ["total_max=1e300", "total_max"],
    ["deleted=yes", "deleted"],
    ["q=%00", "q"],
    [`q=${"x".repeat(201)}`, "q"],
    ["cursor=garbage", "cursor"],
    ["colour=red", "colour"],
    ["__proto__=1", "__proto__"],
    ["apikey=secret", "apikey"],
  ])("%s", async (query, path) => {
    const problem = expectProblem(await ask(`/orders?${query}`, tenant), 400, "invalid_query");
    expect(pathsOf(problem)).toEqual([path]);
  });
});

describe("a cursor", () => {
  const first = async (query: string) =>
    (await get<List<Order>>(`/orders?limit=5&${query}`, tenant)).page.next_cursor!;

  test("is bound to its list, sort and filters, not to the limit", async () => {
    const cursor = await first("sort=total&status=pending");
    const use = (query: string) => ask(`/orders?cursor=${cursor}&${query}`, tenant);
    expect((await use("sort=total&status=pending&limit=9")).status).toBe(200);
    for (
      const query of [
        "sort=-total&status=pending",
        "sort=total",
        "sort=total&status=shipped",
        "sort=total&status=pending&q=anna",
      ]
    ) {
      expectProblem(await use(query), 400, "invalid_query");
    }
    expectProblem(await ask(`/customers?cursor=${cursor}`, tenant), 400, "invalid_query");
  });

  test("cannot be forged", async () => {
    const cursor = await first("sort=total");
    const flipped = cursor.at(30) === "A" ? "B" : "A";
    for (
      const forged of [
        cursor.slice(0, 30) + flipped + cursor.slice(31),
        cursor.slice(0, -1),
        `${cursor}A`,
        `${cursor}!`,
        Buffer.from('["next","1","x"]').toString("base64url"),
        "A",
        "%00",
      ]
    ) {
      expectProblem(
        await ask(`/orders?sort=total&cursor=${encodeURIComponent(forged)}`, tenant),
        400,
        "invalid_query",
      );
    }
  });

  test("of one tenant shows another tenant nothing of it", async () => {
    const stranger = await newTenant();
    const order = await placeOrder(stranger);
    const cursor = await first("sort=number");
    const { data } = await get<List<Order>>(`/orders?sort=number&cursor=${cursor}`, stranger);
    expect(ids(data).every((id) => id === order.id)).toBe(true);
  });

  test("keeps its place while orders come and go", async () => {
    const fresh = await newTenant();
    const placed: Order[] = [];
    for (let index = 0; index < 6; index++) placed.push(await placeOrder(fresh));
    const path = "/orders?sort=number&limit=2";
    const start = await get<List<Order>>(path, fresh);
    await ask(`/orders/${placed[1]!.id}`, { ...fresh, method: "DELETE" });
    await placeOrder(fresh);
    const { pages } = await allPages<Order>(path, fresh, "next", start.page.next_cursor);
    expect(pages.flat().map(({ number }) => number)).toEqual(
      [3, 4, 5, 6, 7].map((n) => `SO-00000${n}`),
    );
  });
});
