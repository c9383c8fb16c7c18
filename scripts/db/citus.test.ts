import { expect, test } from "vitest";
import { owner } from "../stack/testing.ts";
import { readCatalogue, SCHEMAS } from "./citus_catalogue.ts";
import { judge, type Report } from "./citus_rules.ts";

/** One of everything that Citus does not take, beside a table that it does. */
const PLANTED = `
create schema planted;
create table planted.shared (id uuid primary key);
create table planted.alone (word text primary key);
create table planted.fits (
  tenant_id uuid, id uuid, shared_id uuid references planted.shared on delete cascade,
  place bigint generated always as identity, primary key (tenant_id, id), unique (tenant_id, place));
create table planted.offends (
  id uuid primary key, tenant_id uuid, code text unique, parent_id uuid references planted.offends,
  fits_id uuid, number int generated always as identity,
  constraint offends_fits foreign key (tenant_id, fits_id) references planted.fits on delete set null);
alter table planted.shared add column tenant_of uuid, add column first_id uuid,
  add constraint shared_first foreign key (tenant_of, first_id) references planted.fits;
create function planted.whisper() returns void language plpgsql as $$
begin perform pg_notify('planted', (select word from planted.alone limit 1)); end $$;
create function planted.tell() returns trigger language plpgsql as $$
begin perform planted.whisper(); return new; end $$;
create trigger tell after insert on planted.offends for each row execute function planted.tell();
create function planted.all_of_them() returns bigint language sql security definer
  as 'select count(*) from planted.fits';
create function planted.of_one(tenant uuid) returns bigint language sql security definer
  as 'select count(*) from planted.fits where tenant_id = tenant';
`;

async function judged(plant: string): Promise<Report> {
  const rollback = new Error("rollback");
  let report: Report | undefined;
  await owner()
    .begin(async (tx) => {
      if (plant !== "") await tx.unsafe(plant).simple();
      report = judge(await readCatalogue(tx, [...SCHEMAS, "planted"]));
      throw rollback;
    })
    .catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
  if (report === undefined) throw new Error("nothing was judged");
  return report;
}

test("what Citus would not take is named, and what it would is ready", async () => {
  const { verdicts, crossing } = await judged(PLANTED);
  const verdict = (table: string) => verdicts.find((one) => one.table === table);
  expect(verdict("planted.fits")).toMatchObject({ placement: "distributed", changes: [] });
  expect(verdict("planted.alone")).toMatchObject({ placement: "local", changes: [] });
  expect(verdict("planted.shared")).toMatchObject({
    placement: "reference",
    changes: ["shared_first leads from what all share to planted.fits, a tenant's"],
  });
  expect(verdict("planted.offends")).toMatchObject({
    placement: "distributed",
    changes: [
      "primary key planted.offends_pkey is without tenant_id",
      "unique planted.offends_code_key is without tenant_id",
      "tenant_id may be null",
      "offends_fits sets tenant_id when its target is deleted",
      "offends_parent_id_fkey leads to planted.offends without tenant_id",
      "number is numbered by a sequence and is integer, not bigint",
      "trigger tell: it notifies, which only those hear who are connected to that machine",
      "trigger tell: it uses planted.alone, which is on the coordinator",
    ],
    notes: ["1 trigger(s): citus.enable_unsafe_triggers"],
  });
  const planted = crossing.filter((name) => name.startsWith("planted."));
  expect(planted).toEqual(["planted.all_of_them"]);
});

test("the keys of what tenants keep their books in are ready", async () => {
  const { verdicts } = await judged("");
  for (const table of ["customers", "products", "orders", "order_items"]) {
    const found = verdicts.find((one) => one.table === `public.${table}`);
    expect(found?.placement).toBe("distributed");
    expect(found?.changes.filter((change) => !change.startsWith("trigger "))).toEqual([]);
  }
});
