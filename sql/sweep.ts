import type { ISql } from "postgres";

/** One object that breaks a rule of the database, and which rule. */
export type Violation = { rule: string; object: string };

/**
 * Walks the catalogue and lists every object of ours that breaks a rule of the database: tables
 * without forced row-level security or without policies, rights of anon or PUBLIC, SECURITY DEFINER
 * without an empty search_path, views that do not run with their reader's rights, keys and foreign
 * keys that leave the tenant out.
 */
export async function sweep(sql: ISql): Promise<Violation[]> {
  return await sql<Violation[]>`
    with
    ours (schema) as (values ('public'), ('private'), ('audit'), ('analytics')),
    relations as (
      select c.oid, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.reloptions, c.relacl,
        c.relowner, n.nspname, format('%I.%I', n.nspname, c.relname) as object
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in (select schema from ours) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and not exists (
          select from pg_depend d where d.objid = c.oid and d.deptype = 'e' and d.classid = 'pg_class'::regclass)
    ),
    tables as (select * from relations where relkind in ('r', 'p')),
    functions as (
      select p.oid, p.prosecdef, p.proconfig, p.proacl, p.proowner,
        format('%s(%s)', p.oid::regproc, pg_get_function_identity_arguments(p.oid)) as object
      from pg_proc p
      join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in (select schema from ours)
        and not exists (
          select from pg_depend d where d.objid = p.oid and d.deptype = 'e' and d.classid = 'pg_proc'::regclass)
    ),
    tenant_tables as (
      select t.oid, t.object, a.attnum as tenant_column
      from tables t
      join pg_attribute a on a.attrelid = t.oid and a.attname = 'tenant_id' and not a.attisdropped
      -- Keyed by a name the cluster already makes unique, or by who called rather than by tenant.
      where t.object not in ('private.analysts', 'private.idempotency_keys')
    )

    select 'a table has row-level security enabled and forced' as rule, object from tables
    where not (relrowsecurity and relforcerowsecurity)
    union all
    select 'a table in public has policies', object from tables t
    where nspname = 'public' and not exists (select from pg_policy where polrelid = t.oid)
    union all
    select 'nothing is granted to anon or PUBLIC', object
    from relations, lateral aclexplode(coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))) as acl
    where acl.grantee = 0 or acl.grantee = 'anon'::regrole
    union all
    select 'no column is granted to anon or PUBLIC', format('%s.%I', t.object, a.attname)
    from relations t join pg_attribute a on a.attrelid = t.oid, lateral aclexplode(a.attacl) as acl
    where acl.grantee = 0 or acl.grantee = 'anon'::regrole
    union all
    select 'no function is executable by anon or PUBLIC', object
    from functions, lateral aclexplode(coalesce(proacl, acldefault('f', proowner))) as acl
    where acl.grantee = 0 or acl.grantee = 'anon'::regrole
    union all
    select 'a function has an empty search_path', object from functions
    where proconfig is null or not proconfig @> array['search_path=""']
    union all
    select 'a view runs with its reader''s rights', object from relations
    where relkind = 'v' and not coalesce(reloptions @> array['security_invoker=true'], false)
    union all
    select 'there is no materialized view, no foreign table', object from relations
    where relkind in ('m', 'f')
    union all
    select 'analysts only read', object
    from relations, lateral aclexplode(relacl) as acl
    where acl.grantee = 'analyst'::regrole and acl.privilege_type <> 'SELECT'
    union all
    select 'a tenant table''s primary key begins with tenant_id', object from tenant_tables t
    where not exists (
      select from pg_index i where i.indrelid = t.oid and i.indisprimary and i.indkey[0] = t.tenant_column)
    union all
    select 'a foreign key between tenant tables carries tenant_id', format('%s.%I', t.object, f.conname)
    from tenant_tables t
    join pg_constraint f on f.conrelid = t.oid and f.contype = 'f'
    join tenant_tables referenced on referenced.oid = f.confrelid
    where not (t.tenant_column = any (f.conkey) and referenced.tenant_column = any (f.confkey))
    union all
    select 'a policy says whom it is for', format('%s: %s', t.object, p.polname)
    from tables t join pg_policy p on p.polrelid = t.oid
    where p.polroles = '{0}' or 'anon'::regrole = any (p.polroles)
    order by 1, 2`;
}
