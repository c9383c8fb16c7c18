/** The drift check sees what it should: each planted difference makes it red. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findDrift } from "./drift.ts";
import { differences, type Fingerprint, fingerprint } from "./fingerprint.ts";
import { loadSlices, type Scratch, startScratch, using } from "./scratch.ts";
import { readSlices } from "./slices.ts";

/** One of everything that the plants change, so that they do not depend on what the slices hold. */
const BASE = `
create schema planted;
create table planted.things (
  tenant_id uuid, id uuid, amount numeric(10, 2) not null default 0, label text,
  primary key (tenant_id, id));
alter table planted.things enable row level security;
alter table planted.things force row level security;
create policy "people read" on planted.things for select to authenticated using (true);
create index things_amount_idx on planted.things (tenant_id, amount desc);
create function planted.touch() returns trigger language plpgsql as 'begin return new; end';
create trigger touch before update on planted.things for each row execute function planted.touch();
create function planted.answer() returns int language sql security definer set search_path = ''
  as 'select 42';
revoke execute on function planted.answer() from public;
create view planted.labels with (security_invoker) as select label from planted.things;
create type planted.mood as enum ('good', 'bad');
create sequence planted.counter;
insert into planted.things values (gen_random_uuid(), '00000000-0000-7000-8000-000000000001');
`;

const PLANTS: readonly string[] = [
  "grant select on planted.things to anon",
  "grant select (label) on planted.things to anon",
  "grant insert on planted.things to analyst with grant option",
  "grant execute on function planted.answer() to anon",
  "grant execute on function planted.answer() to public",
  "grant usage on schema planted to anon",
  "grant usage on sequence planted.counter to anon",
  "revoke usage on type planted.mood from public",
  "alter table planted.things disable row level security",
  "alter table planted.things no force row level security",
  'drop policy "people read" on planted.things',
  'alter policy "people read" on planted.things using (label is null)',
  'alter policy "people read" on planted.things to anon',
  'drop policy "people read" on planted.things; ' +
    'create policy "people read" on planted.things as restrictive for select to authenticated using (true)',
  "alter table planted.things disable trigger touch",
  "drop trigger touch on planted.things",
  "create or replace function planted.answer() returns int language sql security definer " +
    "set search_path = '' as 'select 43'",
  "alter function planted.answer() security invoker",
  "alter function planted.answer() reset search_path",
  "alter function planted.answer() stable",
  "alter function planted.answer() leakproof",
  "alter function planted.answer() owner to service_role",
  "comment on table planted.things is 'x'",
  "comment on column planted.things.label is 'x'",
  "comment on function planted.answer() is 'x'",
  "comment on schema planted is 'x'",
  "comment on schema public is 'x'",
  `comment on policy "people read" on planted.things is 'x'`,
  "alter default privileges for role postgres in schema public grant select on tables to anon",
  "alter default privileges for role postgres grant execute on functions to public",
  "alter view planted.labels set (security_invoker = false)",
  "alter view planted.labels set (security_barrier)",
  "create or replace view planted.labels as select upper(label) as label from planted.things",
  "alter type planted.mood add value 'middling'",
  "alter type planted.mood rename value 'bad' to 'worse'",
  "alter table planted.things alter amount type numeric(11, 2)",
  "alter table planted.things alter amount set default 1",
  "alter table planted.things alter amount drop not null",
  "alter table planted.things alter label set storage external",
  "alter table planted.things alter label set statistics 500",
  "alter table planted.things drop amount, add amount numeric(10, 2) not null default 0; " +
    "create index things_amount_idx on planted.things (tenant_id, amount desc)",
  "alter table planted.things add constraint small check (amount < 9) not valid",
  "alter table planted.things set (fillfactor = 70)",
  "alter table planted.things owner to service_role",
  "drop index planted.things_amount_idx",
  "drop index planted.things_amount_idx; create index things_amount_idx on planted.things (tenant_id, amount)",
  "drop index planted.things_amount_idx; " +
    "create index things_amount_idx on planted.things (tenant_id, amount desc) where amount > 0",
  "create statistics planted.together on tenant_id, amount from planted.things",
  "alter sequence planted.counter increment 5",
  "create rule never as on delete to planted.things do instead nothing",
  "create domain planted.small as int check (value < 9)",
  "create aggregate planted.total(int) (sfunc = int4pl, stype = int)",
  "create operator planted.=== (leftarg = int, rightarg = int, function = int4eq)",
  "create cast (planted.mood as int) with inout",
  "create text search configuration planted.words (copy = english)",
  "create materialized view planted.copy as select 1 as one",
  "create schema elsewhere",
  "create extension citext schema extensions",
  "alter extension pg_trgm set schema public",
  "insert into public.currencies (code, name, minor_digits) values ('ZZZ', 'Zed', 2)",
  "update public.currencies set minor_digits = 3 where code = 'EUR'",
  "do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
  "do $$ begin execute format('alter database %I set work_mem = %L', current_database(), '9MB'); end $$",
  "create role planted_role",
  "alter role analyst createdb",
  "alter role analyst set statement_timeout = '1s'",
  "comment on role analyst is 'x'",
  "grant analyst to kontor_worker",
  "grant set on parameter work_mem to analyst",
  // Last: a rollback does not turn a sequence back.
  "select nextval('planted.counter')",
];

let scratch: Scratch;
let before: Fingerprint;
/** The differences that a change makes, which is taken back. */
async function seen(plant: string): Promise<string[]> {
  const rollback = new Error("rollback");
  let found: string[] = [];
  await using(scratch.url("supabase_admin"), (sql) =>
    sql.begin(async (tx) => {
      await tx.unsafe(plant).simple();
      found = differences(before, await fingerprint(tx));
      throw rollback;
    }),
  ).catch((error: unknown) => {
    if (error !== rollback) throw error;
  });
  return found;
}

beforeAll(async () => {
  scratch = await startScratch();
  await loadSlices(scratch.url("postgres"), await readSlices());
  await using(scratch.url("postgres"), (sql) => sql.unsafe(BASE).simple());
  before = await using(scratch.url("supabase_admin"), fingerprint);
}, 60_000);
afterAll(() => scratch[Symbol.asyncDispose]());

describe("the fingerprint", () => {
  it("is the same when nothing changed", async () => {
    expect(await seen("select 1")).toEqual([]);
  });

  it.for(PLANTS)("sees: %s", async (plant) => {
    expect(await seen(plant)).not.toEqual([]);
  });
});

describe("supabase/migrations, sql/ and supabase/types.ts", () => {
  it("make the same database and describe it", { timeout: 120_000 }, async () => {
    expect(await findDrift()).toEqual([]);
  });
});
