/** The cluster's roles as SQL that makes those that are missing, with their memberships; no passwords. */
import type { Sql, TransactionSql } from "postgres";

/**
 * Writes the roles down. Existing ones are left as they are where it is run; who logs in with a password
 * needs a new one after a restore into another cluster.
 */
export async function rolesAsSql(sql: Sql | TransactionSql): Promise<string> {
  const rows = await sql<{ statement: string }[]>`
    with roles as (
      select r.*, quote_ident(rolname) as name, quote_literal(rolname) as text
      from pg_roles r where rolname !~ '^pg_'
    ), settings as (
      select r.oid, string_agg(format('alter role %s set %s to %s;', r.name, split_part(entry, '=', 1),
        case when entry ~ '^(search_path|temp_tablespaces|session_preload_libraries)='
          then substr(entry, strpos(entry, '=') + 1)
          else quote_literal(substr(entry, strpos(entry, '=') + 1)) end), ' ' order by entry) as statements
      from roles r, unnest(r.rolconfig) as entry group by r.oid
    )
    select 1 as step, r.rolname as sort, format(
      'do $roles$ begin if to_regrole(%L) is null then create role %s %s; %s end if; end $roles$;',
      r.name, r.name,
      concat_ws(' ',
        case when r.rolsuper then 'superuser' end, case when r.rolcreatedb then 'createdb' end,
        case when r.rolcreaterole then 'createrole' end, case when r.rolcanlogin then 'login' end,
        case when not r.rolinherit then 'noinherit' end, case when r.rolbypassrls then 'bypassrls' end,
        case when r.rolreplication then 'replication' end, 'connection limit ' || r.rolconnlimit),
      coalesce(s.statements, '')) as statement
    from roles r left join settings s on s.oid = r.oid
    union all
    select distinct 2, format('%s %s', m.rolname, g.rolname),
      format('grant %I to %I%s;', g.rolname, m.rolname,
        case when bool_or(a.admin_option) then ' with admin option' else '' end)
    from pg_auth_members a
    join pg_roles g on g.oid = a.roleid
    join pg_roles m on m.oid = a.member
    where m.rolname !~ '^pg_'
    group by g.rolname, m.rolname
    order by step, sort`;
  return rows.map(({ statement }) => `${statement}\n`).join("");
}
