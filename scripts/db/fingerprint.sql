-- What a database is, as lines (kind, object, property, value) that are equal exactly when two
-- databases are: no object ids, no order of creation, default rights spelled out. Members of
-- extensions are the extension's affair. Run as a superuser: row-level security hides nothing then.
with
schemas as (
  select oid, nspname from pg_namespace
  where nspname !~ '^pg_(toast|temp)' and nspname not in
    ('pg_catalog', 'information_schema', 'supabase_migrations')
),
members as (
  select classid, objid from pg_depend where deptype = 'e'
),
relations as (
  select c.*, format('%I.%I', s.nspname, c.relname) as name
  from pg_class c join schemas s on s.oid = c.relnamespace
  where (('pg_class'::regclass)::oid, c.oid) not in (select classid, objid from members)
),
functions as (
  select p.*, format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name
  from pg_proc p join schemas s on s.oid = p.pronamespace
  where (('pg_proc'::regclass)::oid, p.oid) not in (select classid, objid from members)
),
types as (
  select t.*, format('%I.%I', s.nspname, t.typname) as name
  from pg_type t join schemas s on s.oid = t.typnamespace
  where (('pg_type'::regclass)::oid, t.oid) not in (select classid, objid from members)
    and t.typelem = 0 and (t.typrelid = 0 or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
),
rights as (
  select 'schema' as kind, quote_ident(n.nspname) as object, coalesce(n.nspacl, acldefault('n', n.nspowner)) as acl
  from pg_namespace n join schemas using (oid)
  union all
  select 'relation', name, coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))
  from relations where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select 'column', format('%s.%I', name, attname), attacl
  from relations r join pg_attribute a on a.attrelid = r.oid where attacl is not null and not attisdropped
  union all
  select 'function', name, coalesce(proacl, acldefault('f', proowner)) from functions
  union all
  select 'type', name, coalesce(typacl, acldefault('T', typowner)) from types
  union all
  select 'database', '', coalesce(datacl, acldefault('d', datdba)) from pg_database where datname = current_database()
  union all
  select 'default rights',
    format('of %s in %s on "%s"', defaclrole::regrole, coalesce(defaclnamespace::regnamespace::text, 'any'), defaclobjtype),
    defaclacl
  from pg_default_acl
  union all
  select 'parameter', parname, paracl from pg_parameter_acl
  union all
  select 'language', lanname, coalesce(lanacl, acldefault('l', lanowner)) from pg_language
),
lines (kind, object, property, value) as (
  select kind, object, 'rights', (select string_agg(a::text, ' ' order by a::text) from unnest(acl) a)
  from rights
  union all
  select 'schema', quote_ident(n.nspname), 'owner', n.nspowner::regrole::text
  from pg_namespace n join schemas using (oid)
  union all
  -- Relations
  select 'relation', r.name, property, value
  from relations r, lateral (values
    ('kind', r.relkind::text), ('owner', r.relowner::regrole::text), ('persistence', r.relpersistence::text),
    ('options', (select string_agg(o, ', ' order by o) from unnest(r.reloptions) o)),
    ('row-level security', concat_ws(' ', r.relrowsecurity, r.relforcerowsecurity)),
    ('replica identity', r.relreplident::text),
    ('partition', concat_ws(' ', pg_get_partkeydef(r.oid), pg_get_expr(r.relpartbound, r.oid))),
    ('inherits', (select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) from pg_inherits i where i.inhrelid = r.oid)),
    ('definition', case when r.relkind in ('v', 'm') then pg_get_viewdef(r.oid) end)
  ) as v (property, value)
  where r.relkind not in ('i', 'I', 't', 'c') and value is not null
  union all
  select 'column', format('%s.%I', r.name, a.attname), 'definition', concat_ws(' · ',
    row_number() over (partition by r.oid order by a.attnum),
    format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
    'default ' || pg_get_expr(d.adbin, d.adrelid), 'generated ' || nullif(a.attgenerated, '')::text,
    'identity ' || nullif(a.attidentity, '')::text, 'collate ' || nullif(a.attcollation, 0)::regcollation::text,
    'storage ' || a.attstorage::text, 'compression ' || nullif(a.attcompression, '')::text,
    'statistics ' || nullif(a.attstattarget, -1), array_to_string(a.attoptions, ','))
  from relations r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where r.relkind not in ('i', 'I', 't', 'S')
  union all
  select 'constraint', format('%s %I', coalesce(r.name, k.contypid::regtype::text), k.conname), 'definition',
    concat_ws(' · ', pg_get_constraintdef(k.oid), case when not k.convalidated then 'not valid' end)
  from pg_constraint k left join relations r on r.oid = k.conrelid
  where k.connamespace in (select oid from schemas) and (r.oid is not null or k.conrelid = 0)
    and (('pg_constraint'::regclass)::oid, k.oid) not in (select classid, objid from members)
  union all
  select 'index', i.indexrelid::regclass::text, 'definition', concat_ws(' · ', pg_get_indexdef(i.indexrelid),
    case when i.indisclustered then 'clustered' end, case when not i.indisvalid then 'invalid' end,
    case when i.indisreplident then 'replica identity' end)
  from pg_index i join relations r on r.oid = i.indrelid where r.relkind <> 't'
  union all
  select 'sequence', r.name, 'definition',
    concat_ws(' ', format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
      'at', pg_sequence_last_value(s.seqrelid),
      (select format('owned by %s.%I', d.refobjid::regclass, a.attname) from pg_depend d
       join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
       where d.objid = s.seqrelid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i') limit 1))
  from pg_sequence s join relations r on r.oid = s.seqrelid
  union all
  select 'trigger', format('%s %I', r.name, t.tgname), 'definition',
    concat_ws(' · ', pg_get_triggerdef(t.oid), 'enabled ' || t.tgenabled::text)
  from pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal
  union all
  select 'policy', format('%s %I', r.name, p.polname), 'definition', concat_ws(' · ',
    p.polcmd::text, case when p.polpermissive then 'permissive' else 'restrictive' end,
    'to ' || (select string_agg(case o when 0 then 'public' else o::regrole::text end, ', ' order by o::regrole::text)
              from unnest(p.polroles) o),
    'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
  from pg_policy p join relations r on r.oid = p.polrelid
  union all
  select 'rule', format('%s %I', r.name, w.rulename), 'definition', concat_ws(' · ', pg_get_ruledef(w.oid), w.ev_enabled)
  from pg_rewrite w join relations r on r.oid = w.ev_class where w.rulename <> '_RETURN'
  union all
  select 'statistics', s.stxname, 'definition', pg_get_statisticsobjdef(s.oid)
  from pg_statistic_ext s join relations r on r.oid = s.stxrelid
  union all
  -- Functions
  select 'function', f.name, property, value
  from functions f, lateral (values
    ('owner', f.proowner::regrole::text),
    ('definition', case when f.prokind <> 'a' then pg_get_functiondef(f.oid) else
      (select concat_ws(' ', a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggtranstype::regtype, a.agginitval, a.aggsortop)
       from pg_aggregate a where a.aggfnoid = f.oid) end)
  ) as v (property, value)
  union all
  select 'event trigger', evtname, 'definition', concat_ws(' ', evtevent, evtfoid::regprocedure, evtenabled, array_to_string(evttags, ','))
  from pg_event_trigger
  union all
  -- Types
  select 'type', t.name, property, value
  from types t, lateral (values
    ('owner', t.typowner::regrole::text),
    ('definition', concat_ws(' · ', t.typtype,
      (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
      case when t.typtype = 'd' then concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault) end,
      (select concat_ws(' ', g.rngsubtype::regtype, g.rngcanonical, g.rngsubdiff) from pg_range g where g.rngtypid = t.oid)))
  ) as v (property, value)
  union all
  select 'extension', e.extname, 'definition', concat_ws(' ', e.extversion, e.extnamespace::regnamespace)
  from pg_extension e
  union all
  select 'publication', p.pubname, 'definition', concat_ws(' ', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
    (select string_agg(r.prrelid::regclass::text, ',' order by r.prrelid::regclass::text) from pg_publication_rel r where r.prpubid = p.oid))
  from pg_publication p
  union all
  -- The rarer kinds (operators, casts, collations, text search, foreign data …): that they exist.
  select object.type, object.identity, 'exists', 'yes'
  from pg_depend d, lateral pg_identify_object(d.classid, d.objid, 0) as object
  where d.objid >= 16384 and d.deptype = 'n' and d.refclassid = 'pg_namespace'::regclass
    and d.refobjid in (select oid from schemas) and (d.classid, d.objid) not in (select classid, objid from members)
    and d.classid not in ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)
  union all
  select 'cast', format('%s to %s', castsource::regtype, casttarget::regtype), 'definition', concat_ws(' ', castfunc::regproc, castcontext, castmethod)
  from pg_cast where oid >= 16384 and (('pg_cast'::regclass)::oid, oid) not in (select classid, objid from members)
  union all
  select 'foreign server', s.srvname, 'definition', concat_ws(' ', w.fdwname, s.srvtype, s.srvversion, array_to_string(s.srvoptions, ','), s.srvacl::text)
  from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw
  union all
  -- Roles belong to the cluster, but our slices make some. Passwords are the installation's.
  select 'role', r.rolname, 'attributes',
    concat_ws(' ', rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil)
  from pg_roles r
  union all
  select 'membership', format('%s in %s by %s', m.member::regrole, m.roleid::regrole, m.grantor::regrole), 'options',
    concat_ws(' ', m.admin_option, m.inherit_option, m.set_option)
  from pg_auth_members m
  union all
  select 'settings', concat_ws(' ', case when s.setrole <> 0 then s.setrole::regrole::text end,
    case when s.setdatabase <> 0 then 'in this database' end), 'values', (select string_agg(c, ', ' order by c) from unnest(s.setconfig) c)
  from pg_db_role_setting s where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
  union all
  select 'comment', concat_ws(' ', object.type, object.identity), 'text', d.description
  from pg_description d, lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) as object
  where d.objoid >= 16384 and (d.classoid, d.objoid) not in (select classid, objid from members)
    and object.schema is distinct from 'supabase_migrations'
  union all
  -- Built-in schemas (public) have small numbers.
  select 'comment', format('schema %I', s.nspname), 'text', obj_description(s.oid, 'pg_namespace')
  from schemas s where s.oid < 16384
  union all
  select 'comment', concat_ws(' ', object.type, object.identity), 'text', d.description
  from pg_shdescription d, lateral pg_identify_object(d.classoid, d.objoid, 0) as object
  where d.classoid = 'pg_authid'::regclass
  union all
  -- Reference data: what the slices insert.
  select 'rows', r.name, 'hash', query_to_xml(
    format('select count(*), md5(string_agg(t::text, chr(10) order by t::text)) as hash from %s t', r.name), false, true, '')::text
  from relations r where r.relkind = 'r'
)
select kind, object, property, coalesce(value, '') as value
from lines
order by kind, object, property, value
