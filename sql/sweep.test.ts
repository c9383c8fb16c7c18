import type { TransactionSql } from "postgres";
import { describe, expect, it } from "vitest";
import { owner } from "../scripts/stack/testing.ts";
import { sweep } from "./sweep.ts";

/** What somebody might do by mistake, and the rule that must catch it. */
const mistakes: [rule: string, object: string, mistake: string][] = [
  [
    "a table has row-level security enabled and forced",
    "public.planted",
    "create table public.planted (tenant_id uuid, id uuid, primary key (tenant_id, id))",
  ],
  [
    "a table has row-level security enabled and forced",
    "public.orders",
    "alter table public.orders no force row level security",
  ],
  [
    "a table in public has policies",
    "public.planted",
    `create table public.planted (tenant_id uuid, id uuid, primary key (tenant_id, id));
     alter table public.planted enable row level security;
     alter table public.planted force row level security`,
  ],
  [
    "nothing is granted to anon or PUBLIC",
    "public.orders",
    "grant select on public.orders to anon",
  ],
  [
    "no column is granted to anon or PUBLIC",
    "public.people.email",
    "grant select (email) on public.people to public",
  ],
  [
    "no function is executable by anon or PUBLIC",
    "planted()",
    `create function private.planted() returns int language sql set search_path = '' as 'select 1';
     grant execute on function private.planted to public`,
  ],
  [
    "a function has an empty search_path",
    "planted()",
    "create function private.planted() returns int language sql security definer as 'select 1'",
  ],
  [
    "a view runs with its reader's rights",
    "analytics.planted",
    "create view analytics.planted as select id from public.orders",
  ],
  [
    "there is no materialized view, no foreign table",
    "analytics.planted",
    "create materialized view analytics.planted as select 1 as one",
  ],
  ["analysts only read", "public.orders", "grant update on public.orders to analyst"],
  [
    "a tenant table's primary key begins with tenant_id",
    "private.planted",
    "create table private.planted (id uuid primary key, tenant_id uuid)",
  ],
  [
    "a foreign key between tenant tables carries tenant_id",
    "public.planted",
    `alter table public.customers add constraint planted_key unique (id);
     create table public.planted (
       tenant_id uuid, id uuid, customer_id uuid references public.customers (id),
       primary key (tenant_id, id))`,
  ],
  [
    "a policy says whom it is for",
    "public.orders: planted",
    "create policy planted on public.orders for select using (true)",
  ],
];

class Rollback extends Error {}

async function afterMistake(mistake: string) {
  const found: Awaited<ReturnType<typeof sweep>> = [];
  await owner()
    .begin(async (sql: TransactionSql) => {
      await sql.unsafe(mistake);
      found.push(...(await sweep(sql)));
      throw new Rollback();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Rollback)) throw error;
    });
  return found;
}

describe("the catalogue", () => {
  it("breaks no rule of the database", async () => {
    expect(await sweep(owner())).toEqual([]);
  });

  it.each(mistakes)("would be caught: %s (%s)", async (rule, object, mistake) => {
    const found = await afterMistake(mistake);
    expect(found).toContainEqual(
      expect.objectContaining({ rule, object: expect.stringContaining(object) }),
    );
  });
});
