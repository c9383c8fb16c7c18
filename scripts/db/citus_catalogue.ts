/** What a database's catalogue says that matters when its tables are spread over machines by tenant. */
import type { ISql } from "postgres";
import { z } from "zod";

/** Those whose tables and functions are ours. */
export const SCHEMAS: readonly string[] = ["public", "private", "audit", "analytics"];

const names = z.array(z.string());
const table = z.object({
  /** schema.table */
  name: z.string(),
  partitioned: z.boolean(),
  columns: names,
  not_null: names,
  /** Primary key, unique and exclusion constraints, unique indexes; an expression is no column. */
  unique: z.array(z.object({ name: z.string(), columns: names, primary: z.boolean() })),
  foreign_keys: z.array(
    z.object({
      name: z.string(),
      columns: names,
      target: z.string(),
      target_columns: names,
      on_delete: z.string(),
      on_update: z.string(),
      /** Which columns SET NULL and SET DEFAULT write. */
      written: names,
    }),
  ),
  triggers: z.array(z.object({ name: z.string(), function: z.string() })),
  /** Columns whose numbers a sequence gives out. */
  sequences: z.array(z.object({ column: z.string(), type: z.string() })),
  policies: names,
  inherits: z.boolean(),
  rules: z.boolean(),
});
const routine = z.object({
  /** schema.function */
  name: z.string(),
  definer: z.boolean(),
  trigger: z.boolean(),
  definition: z.string(),
});

export type TableFacts = z.infer<typeof table>;
export type FunctionFacts = z.infer<typeof routine>;
export type Catalogue = {
  readonly tables: readonly TableFacts[];
  readonly functions: readonly FunctionFacts[];
};

/** Reads it. @param sql an owner's: definitions of functions are nobody else's business. */
export async function readCatalogue(
  sql: ISql,
  schemas: readonly string[] = SCHEMAS,
): Promise<Catalogue> {
  const tables = await sql`
    select format('%s.%s', n.nspname, c.relname) as name, c.relkind = 'p' as partitioned,
      (select coalesce(json_agg(attname), '[]') from pg_attribute a
        where a.attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
      (select coalesce(json_agg(attname), '[]') from pg_attribute a
        where a.attrelid = c.oid and attnum > 0 and not attisdropped and attnotnull) as not_null,
      (select coalesce(json_agg(json_build_object(
          'name', i.indexrelid::regclass::text, 'primary', i.indisprimary, 'columns', (
            select coalesce(json_agg(a.attname), '[]') from pg_attribute a
            where a.attrelid = c.oid and a.attnum = any (i.indkey[0:i.indnkeyatts - 1]))) order by i.indexrelid), '[]')
        from pg_index i where i.indrelid = c.oid and (i.indisunique or i.indisexclusion)) as unique,
      (select coalesce(json_agg(json_build_object(
          'name', k.conname, 'target', format('%s.%s', tn.nspname, t.relname),
          'on_delete', k.confdeltype, 'on_update', k.confupdtype,
          'columns', (select json_agg(a.attname order by place) from unnest(k.conkey) with ordinality as key (number, place)
            join pg_attribute a on a.attrelid = c.oid and a.attnum = key.number),
          'target_columns', (select json_agg(a.attname order by place) from unnest(k.confkey) with ordinality as key (number, place)
            join pg_attribute a on a.attrelid = t.oid and a.attnum = key.number),
          'written', (select coalesce(json_agg(a.attname), '[]') from pg_attribute a
            where a.attrelid = c.oid and a.attnum = any (coalesce(k.confdelsetcols, k.conkey)))) order by k.conname), '[]')
        from pg_constraint k join pg_class t on t.oid = k.confrelid join pg_namespace tn on tn.oid = t.relnamespace
        where k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0) as foreign_keys,
      (select coalesce(json_agg(json_build_object('name', g.tgname, 'function', format('%s.%s', pn.nspname, p.proname))
          order by g.tgname), '[]')
        from pg_trigger g join pg_proc p on p.oid = g.tgfoid join pg_namespace pn on pn.oid = p.pronamespace
        where g.tgrelid = c.oid and not g.tgisinternal) as triggers,
      (select coalesce(json_agg(json_build_object('column', a.attname, 'type', format_type(a.atttypid, null))), '[]')
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          and (a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%')) as sequences,
      (select coalesce(json_agg(concat_ws(' ', pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))), '[]')
        from pg_policy where polrelid = c.oid) as policies,
      exists (select from pg_inherits where inhrelid = c.oid) as inherits,
      exists (select from pg_rewrite r where r.ev_class = c.oid) as rules
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (${[...schemas]}) and c.relkind in ('r', 'p') and not c.relispartition
    order by 1`;
  const functions = await sql`
    select format('%s.%s', n.nspname, p.proname) as name, p.prosecdef as definer,
      p.prorettype = 'trigger'::regtype as trigger, pg_get_functiondef(p.oid) as definition
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = any (${[...schemas]}) and p.prokind in ('f', 'p')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    order by 1`;
  return {
    tables: z.array(table).parse([...tables]),
    functions: z.array(routine).parse([...functions]),
  };
}
