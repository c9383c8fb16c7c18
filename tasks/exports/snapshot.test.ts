/** What an export reads, when it is told to stop. */
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { newTenant, owner, stack, type TestTenant } from "../../scripts/stack/testing.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import type { Wanted } from "./wanted.ts";

class Told extends Error {}

let tenant: TestTenant;
let wanted: Wanted;

beforeAll(async () => {
  tenant = await newTenant();
  const id = crypto.randomUUID();
  wanted = {
    id,
    entity: "customers",
    format: "csv",
    rows: "orders",
    query: {},
    columns: ["name", "custom"],
    file_name: "customers.csv",
    requested_by: tenant.owner.id,
    tenant: { id: tenant.id, name: id, currency: "EUR", time_zone: "UTC", locale: "en" },
  };
  // More than sockets and streams hold.
  await owner()`
    insert into public.customers (tenant_id, name, custom)
    select ${tenant.id}, 'Customer ' || n, jsonb_build_object('text', repeat(md5(n::text), 580))
    from generate_series(1, 1_000) as n`;
});

const readings: Record<string, (snapshot: Snapshot) => Promise<void>> = {
  "work that never ends": () => new Promise(() => {}),
  "rows that nobody takes": async (snapshot) => {
    const rows = await snapshot.csv();
    await finished(rows.pause());
  },
  "rows that are taken slowly": async (snapshot) => {
    for await (const _ of await snapshot.csv()) await sleep(20);
  },
  "batches that are taken slowly": async (snapshot) => {
    for await (const _ of snapshot.rows((local) => local)) await sleep(500);
  },
};

test.for(Object.entries(readings))(
  "%s: stops with the reason, and lets go of the database",
  async ([, read]) => {
    const told = new AbortController();
    let began = () => {};
    const reading = new Promise<void>((resolve) => {
      began = resolve;
    });
    const settings = { databaseUrl: stack().database_url, sql: owner(), signal: told.signal };
    const made = readSnapshot(wanted, settings, async (snapshot) => {
      setTimeout(began, 100);
      await read(snapshot);
    });
    await reading;
    told.abort(new Told());
    await expect(made).rejects.toBeInstanceOf(Told);
    await expect
      .poll(
        () => owner()`
      select from pg_stat_activity
      where application_name = 'kontor-worker export' and query like ${`%${tenant.id}%`}`,
      )
      .toHaveLength(0);
  },
);
