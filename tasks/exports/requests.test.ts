/** Who may ask for what, and how it is refused. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Export } from "../../functions/_shared/contracts/exports.ts";
import {
  ask,
  expectProblem,
  get,
  type List,
  pathsOf,
  type Who,
} from "../../functions/_shared/testing.ts";
import { newTenant, owner, rest, signIn, type TestTenant } from "../../scripts/stack/testing.ts";
import { ACME, download, request, until } from "./testing.ts";

let acme: Who;
let tenant: TestTenant;
let mine: Who;
beforeAll(async () => {
  acme = { token: await signIn("member@acme.test"), tenant: ACME };
  tenant = await newTenant();
  mine = { token: tenant.token, tenant: tenant.id };
});

describe("a request for an export", () => {
  test.each([
    [{ format: "ods" }, ["format"]],
    [{}, ["format"]],
    [{ format: "csv", rows: "lines" }, ["rows"]],
    [{ format: "csv", columns: ["number", "margin"] }, ["columns.1"]],
    [{ format: "csv", columns: [] }, ["columns"]],
    [{ format: "csv", columns: ["total", "total"] }, ["columns.1"]],
    [{ format: "csv", columns: ["number", "sku"] }, ["columns.1"]],
    [{ format: "csv", filters: { status: "lost" } }, ["filters.status.0"]],
    [
      { format: "csv", filters: { total_min: "many", weight: 3 } },
      ["filters.total_min", "filters.weight"],
    ],
    [{ format: "csv", filters: { placed_from: "2026-02-31" } }, ["filters.placed_from"]],
    [{ format: "csv", filters: { limit: 5, cursor: "x" } }, ["filters.cursor", "filters.limit"]],
    [{ format: "csv", filters: { customer_id: { id: 1 } } }, ["filters.customer_id"]],
    [{ format: "csv", sort: "colour" }, ["sort"]],
    [{ format: "csv", tenant_id: randomUUID() }, ["tenant_id"]],
  ])("that says %j is refused, naming what is wrong", async (body, paths) => {
    const answer = await ask("/orders/export", { ...acme, body });
    expect(pathsOf(expectProblem(answer, 422, "validation_failed"))).toEqual(paths);
  });

  test("names the column that there is not", async () => {
    const answer = await ask("/customers/export", {
      ...acme,
      body: { format: "csv", columns: ["shoe_size"] },
    });
    expect(expectProblem(answer, 422, "validation_failed").errors).toEqual([
      expect.objectContaining({ path: "columns.0", message: 'There is no column "shoe_size".' }),
    ]);
  });

  test("takes members; viewers see no export either", async () => {
    const viewer = { token: (await tenant.join("viewer")).token, tenant: tenant.id };
    const { id } = await request("/orders", mine, { format: "csv" });
    await until(mine, id, "succeeded");
    for (const path of ["/orders/export", "/customers/export", "/products/export"]) {
      expectProblem(await ask(path, { ...viewer, body: { format: "csv" } }), 403, "forbidden");
      expectProblem(await ask(path, { body: { format: "csv" } }), 401, "unauthenticated");
    }
    for (const path of ["/exports", `/exports/${id}`]) {
      expectProblem(await ask(path, viewer), 403, "forbidden");
    }
    expectProblem(
      await ask(`/exports/${id}/cancel`, { ...viewer, method: "POST" }),
      403,
      "forbidden",
    );
    const rows = await rest(`exports?select=id`, viewer);
    expect(rows.body).toEqual([]);
  });

  test("of another tenant is not found", async () => {
    const { id } = await request("/orders", acme, { format: "csv", filters: { q: "SO-000001" } });
    for (const [path, method] of [
      [`/exports/${id}`, "GET"],
      [`/exports/${id}/cancel`, "POST"],
      [`/exports/${id}/retry`, "POST"],
      [`/exports/${randomUUID()}`, "GET"],
      ["/exports/1", "GET"],
    ] as const) {
      expectProblem(await ask(path, { ...mine, method }), 404, "not_found");
    }
    const { data } = await get<List<Export>>("/exports?limit=200", mine);
    expect(data.map((one) => one.id)).not.toContain(id);
    const foreign = { format: "csv", filters: { customer_id: randomUUID() } };
    expect((await download("/orders", mine, foreign)).made.progress).toEqual({ done: 0, total: 0 });
  });

  test("is listed, newest first", async () => {
    const first = await request("/orders", mine, { format: "csv" });
    const second = await request("/products", mine, { format: "xlsx" });
    await until(mine, second.id, "succeeded");
    const list = await get<List<Export>>("/exports?limit=2", mine);
    expect(list.data.map(({ id }) => id)).toEqual([second.id, first.id]);
    const next = await get<List<Export>>(`/exports?limit=2&cursor=${list.page.next_cursor}`, mine);
    expect(next.data.map(({ id }) => id)).not.toContain(first.id);
    const products = await get<List<Export>>("/exports?entity=products&status=succeeded", mine);
    expect(products.data.map(({ id }) => id)).toEqual([second.id]);
  });

  test("for the twenty-first at once is told to wait", async () => {
    const busy = await newTenant();
    const who = { token: busy.token, tenant: busy.id };
    await owner()`
      insert into public.exports (tenant_id, entity, format, file_name, requested_by)
      select ${busy.id}, 'orders', 'csv', 'x.csv', ${busy.owner.id} from generate_series(1, 20)`;
    const answer = await ask("/orders/export", { ...who, body: { format: "csv" } });
    expectProblem(answer, 429, "rate_limited");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    const [one] = (await get<List<Export>>("/exports?limit=1", who)).data;
    const cancelled = await ask<Export>(`/exports/${one?.id}/cancel`, { ...who, method: "POST" });
    expect(cancelled).toMatchObject({ status: 200, body: { status: "cancelled" } });
    await download("/orders", who, { format: "csv" });
  });
});

describe("a finished export", () => {
  test("cannot be cancelled or tried again", async () => {
    const { made } = await download("/orders", mine, { format: "csv" });
    for (const verb of ["cancel", "retry"]) {
      const answer = await ask(`/exports/${made.id}/${verb}`, { ...mine, method: "POST" });
      expectProblem(answer, 409, "conflict");
    }
  });

  test("says in words why it failed, and can be tried again", async () => {
    const leaver = await tenant.join("member");
    const theirs = await owner().begin(async (sql) => {
      // The worker sees the job only when the person is gone.
      await sql`select set_config('request.jwt.claims', ${JSON.stringify({ sub: leaver.id })}, true),
        set_config('request.headers', ${JSON.stringify({ "x-tenant-id": tenant.id })}, true)`;
      const [row] = await sql<{ made: Export }[]>`
        select public.request_export('{"entity":"orders","format":"csv"}') as made`;
      await sql`delete from public.memberships where user_id = ${leaver.id}`;
      return row?.made.id ?? "";
    });
    const failed = await until(mine, theirs, "failed");
    expect(failed.error).toBe("You do not belong to this tenant.");
    const again = await ask<{ export: Export }>(`/exports/${theirs}/retry`, {
      ...mine,
      method: "POST",
    });
    expect(again).toMatchObject({
      status: 202,
      body: { export: { status: "queued", error: null } },
    });
    await until(mine, theirs, "failed");
  });

  test("expires after seven days, and its file goes", async () => {
    const { made } = await download("/orders", mine, { format: "csv" });
    expect(Date.parse(made.expires_at ?? "") - Date.parse(made.finished_at ?? "")).toBe(
      7 * 86_400_000,
    );
    await owner()`update public.exports set expires_at = now() where id = ${made.id}`;
    expect(await get<Export>(`/exports/${made.id}`, mine)).not.toHaveProperty("download_url");
    await owner()`select graphile_worker.add_job('expire_exports', '{}'::json)`;
    await until(mine, made.id, "expired");
    await expect
      .poll(async () => (await fetch(made.download_url ?? "")).status, { timeout: 20_000 })
      .toBe(404);
  });
});
