/** Which tables hold a tenant's rows, and which shared rows those point at: read from the catalogue. */
import type { Sql, TransactionSql } from "postgres";

export type TenantTable = {
  readonly schema: string;
  readonly table: string;
  /** The column that says whose a row is. */
  readonly owner: string;
  /** Those that can be written. */
  readonly columns: string[];
  /** Of an identity or a serial: what gives out its numbers, by column. */
  readonly sequences: { column: string; sequence: string }[];
};

/** A foreign key out of a tenant's rows (or of shared rows they need) to rows all tenants share. */
export type SharedKey = {
  readonly from: string;
  readonly column: string;
  readonly schema: string;
  readonly table: string;
  readonly key: string;
};

/**
 * Left as they are: remembered answers hold only for a day, sessions are those of now, and analysts are
 * logins of the cluster.
 */
const NOT_RESTORED = [
  "private.idempotency_keys",
  "private.session_origins",
  "private.password_failures",
  "private.analysts",
] as const;

/** The tenant's own row first, then every table with a tenant_id. */
export async function tenantTables(sql: Sql | TransactionSql): Promise<TenantTable[]> {
  return await sql<TenantTable[]>`
    select n.nspname as schema, c.relname as table, o.attname as owner,
      (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      coalesce((
        select jsonb_agg(jsonb_build_object('column', a.attname, 'sequence',
          pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)))
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          and pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) is not null), '[]')
        as sequences
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute o on o.attrelid = c.oid and not o.attisdropped
      and o.attname = case when c.oid = 'public.tenants'::regclass then 'id' else 'tenant_id' end
    where n.nspname in ('public', 'private', 'audit') and c.relkind in ('r', 'p')
      and not c.relispartition and c.relpersistence = 'p'
      and not (format('%s.%s', n.nspname, c.relname) = any(${[...NOT_RESTORED]}))
    order by c.oid <> 'public.tenants'::regclass, 1, 2`;
}

/** Every foreign key of one column from our schemas to a table without a tenant. */
export async function sharedKeys(sql: Sql | TransactionSql): Promise<SharedKey[]> {
  return await sql<SharedKey[]>`
    select format('%s.%s', fn.nspname, f.relname) as from, fa.attname as column,
      tn.nspname as schema, t.relname as table, ta.attname as key
    from pg_constraint k
    join pg_class f on f.oid = k.conrelid join pg_namespace fn on fn.oid = f.relnamespace
    join pg_class t on t.oid = k.confrelid join pg_namespace tn on tn.oid = t.relnamespace
    join pg_attribute fa on fa.attrelid = f.oid and fa.attnum = k.conkey[1]
    join pg_attribute ta on ta.attrelid = t.oid and ta.attnum = k.confkey[1]
    where k.contype = 'f' and cardinality(k.conkey) = 1 and k.conparentid = 0
      and fn.nspname in ('public', 'private', 'audit', 'auth')
      and t.oid <> 'public.tenants'::regclass
      and not exists (
        select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and not a.attisdropped)
    order by 1, 2`;
}
