import type { TransactionSql } from "postgres";
import { describe, expect, it } from "vitest";
import { newTenant, owner } from "../../scripts/stack/testing.ts";

/** Tables with a tenant in them whose changes leave no entry of their own, and why. */
const EXCEPTIONS: Record<string, string> = {
  "audit.chains": "the log itself: what is changed there, its functions record",
  "audit.entries": "the log itself",
  "private.analysts":
    "rpc create_, rotate_ and revoke_analyst record what they do by their own names",
  "private.events": "the outbox: one of each change that has its entry",
  "private.idempotency_keys": "answers of writes that have their entries",
  "private.number_series": "counts orders, each of which has its entry",
  "private.webhook_secrets": "secrets; the webhook's entry says when they changed",
  "public.webhook_attempts": "a log itself",
  "public.webhook_deliveries": "a log itself",
};

class Rollback extends Error {}

/** Runs something in a transaction that leaves nothing. */
async function tried(work: (tx: TransactionSql) => Promise<void>): Promise<void> {
  const run = owner().begin(async (tx) => {
    await work(tx);
    throw new Rollback();
  });
  await run.catch((error: unknown) => {
    if (!(error instanceof Rollback)) throw error;
  });
}

describe("every change of a tenant's records leaves one entry", () => {
  it("on every table that has a tenant, but those with a reason", async () => {
    const tables = await owner()<{ name: string; events: number }[]>`
      select format('%I.%I', n.nspname, c.relname) as name,
        coalesce(bit_or(t.tgtype & 28) filter (where p.proname in ('audit_change', 'audit_items')), 0)::int as events
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
      left join pg_proc p on p.oid = t.tgfoid
      where n.nspname in ('public', 'private', 'audit') and c.relkind in ('r', 'p') and not c.relispartition
        and (c.oid = 'public.tenants'::regclass or exists (
          select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped))
      group by 1 order by 1`;
    const without = tables.filter(({ events }) => events !== 28).map(({ name }) => name);
    expect(without).toEqual(Object.keys(EXCEPTIONS));
  });

  it("of items all but what goes without saying: the names are written down in audit_items", async () => {
    const untold = await owner()<{ name: string }[]>`
      select attname::text as name from pg_attribute
      where attrelid = 'public.order_items'::regclass and attnum > 0
        and private.field_changes('{}', jsonb_build_object(attname, 1)) = '{}' order by 1`;
    expect(untold.map(({ name }) => name)).toEqual(["id", "tenant_id"]);
  });

  it("one for each row of an insert, an update and a delete, and none for nothing", async () => {
    const { id } = await newTenant();
    const rows: [table: string, values: Record<string, unknown>, change: string][] = [
      ["public.customers", { name: "C" }, "name = 'D'"],
      ["public.products", { name: "P", sku: "p", unit_price: 1 }, "name = 'Q'"],
      ["public.orders", {}, "notes = 'n'"],
      [
        "public.custom_fields",
        { entity: "order", key: "k", label: "K", type: "text" },
        "label = 'L'",
      ],
      [
        "public.invitations",
        { email: "a@b.test", role: "viewer", token_hash: Buffer.from("h") },
        "role = 'member'",
      ],
      ["public.emails", { template: "invitation", recipient: "a@b.test" }, "status = 'sent'"],
      ["private.storage_quotas", { max_bytes: 1 }, "max_bytes = 2"],
    ];
    for (const [table, values, change] of rows) {
      await tried(async (tx) => {
        const count = async () => {
          const [row] = await tx<{ count: number }[]>`
            select count(*)::int as count from audit.entries where tenant_id = ${id}`;
          return row?.count ?? 0;
        };
        const before = await count();
        await tx`insert into ${tx(table)} ${tx({ tenant_id: id, ...values })}`;
        expect([table, await count()]).toEqual([table, before + 1]);
        await tx.unsafe(`update ${table} set ${change} where tenant_id = $1`, [id]);
        expect([table, await count()]).toEqual([table, before + 2]);
        await tx.unsafe(`update ${table} set ${change} where tenant_id = $1`, [id]);
        expect([table, await count()]).toEqual([table, before + 2]);
        await tx.unsafe(`delete from ${table} where tenant_id = $1`, [id]);
        expect([table, await count()]).toEqual([table, before + 3]);
      });
    }
  });

  it("items one each, however many one statement brings", async () => {
    const { id } = await newTenant();
    await tried(async (tx) => {
      const [order] = await tx<{ id: string }[]>`
        insert into public.orders (tenant_id) values (${id}) returning id`;
      await tx`
        insert into public.order_items (tenant_id, order_id, position, name, quantity, unit_price)
        select ${id}, ${order?.id ?? ""}, n, 'Item ' || n, 1, 1 from generate_series(1, 5) as n`;
      await tx`update public.order_items set quantity = 2 where tenant_id = ${id} and position < 3`;
      await tx`delete from public.order_items where tenant_id = ${id} and position = 5`;
      const found = await tx`
        select action, count(*)::int as count from audit.entries
        where tenant_id = ${id} and entity_type = 'order_item' and metadata ->> 'of' = ${`order:${order?.id}`}
        group by 1 order by 1`;
      expect(found.map((row) => ({ ...row }))).toEqual([
        { action: "create", count: 5 },
        { action: "delete", count: 1 },
        { action: "update", count: 2 },
      ]);
    });
  });
});

it("no entry of the demo data or of any test holds a secret", async () => {
  const found = await owner()`
    select distinct entity_type, key from audit.entries, jsonb_object_keys(changes) as key
    where key ~ '(secret|token|hash|password|crypt|cipher)' and key !~ '_at$'
       or key = 'object_key'`;
  expect(found).toEqual([]);
  const [hidden] = await owner()<{ changes: unknown }[]>`
    select private.field_changes('{}', '{"name": "n", "token_hash": "x", "secret": "x", "api_token": "x",
      "password": "x", "encrypted_key": "x", "ciphertext": "x", "secret_rotated_at": "now"}') as changes`;
  expect(hidden?.changes).toEqual({ name: [null, "n"], secret_rotated_at: [null, "now"] });
});
