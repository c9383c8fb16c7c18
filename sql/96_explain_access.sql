-- Why somebody sees a row, or does not: asked of the policies themselves.

create function public.explain_access(user_id uuid, table_name text, record_id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('admin');
  relation constant regclass := to_regclass(format('public.%I', table_name));
  own_claims constant text := current_setting('request.jwt.claims', true);
  own_headers constant text := current_setting('request.headers', true);
  present boolean;
  verdicts jsonb := '[]';
  rule record;
  holds boolean;
begin
  if relation is null or not exists (
    select from pg_catalog.pg_attribute where attrelid = relation and attname = 'tenant_id')
  or not exists (
    select from pg_catalog.pg_attribute where attrelid = relation and attname = 'id')
  then
    perform private.refuse(422, 'validation_failed', 'Not a table of records.', 'table_name');
  end if;
  if private.role_of(tenant, explain_access.user_id) is null then
    perform private.refuse(404, 'not_found', 'There is no such member.');
  end if;
  execute format('select exists (select from %s where tenant_id = $1 and id = $2)', relation)
    into present using tenant, record_id;

  -- The policies themselves are asked, as if that person had come with this tenant.
  perform set_config('request.jwt.claims', json_build_object('sub', user_id, 'role', 'authenticated')::text, true),
    set_config('request.headers', json_build_object('x-tenant-id', tenant)::text, true);
  for rule in
    select p.policyname as name, p.cmd, coalesce(p.qual, p.with_check) as condition
    from pg_catalog.pg_policies p
    where p.schemaname = 'public' and p.tablename = table_name and 'authenticated' = any (p.roles)
    order by p.cmd, p.policyname
  loop
    execute format('select exists (select from %s where tenant_id = $1 and id = $2 and (%s))', relation, rule.condition)
      into holds using tenant, record_id;
    verdicts := verdicts || jsonb_build_object('policy', rule.name, 'command', lower(rule.cmd), 'allows', holds);
  end loop;
  perform set_config('request.jwt.claims', coalesce(own_claims, ''), true),
    set_config('request.headers', coalesce(own_headers, ''), true);

  return json_build_object(
    'exists', present,
    'role', private.role_of(tenant, explain_access.user_id),
    'policies', verdicts,
    'reads', coalesce((select bool_or((v ->> 'allows')::boolean) from jsonb_array_elements(verdicts) as v
      where v ->> 'command' in ('select', 'all')), false));
end
$$;
comment on function public.explain_access is
  'Which policy lets a member of the active tenant at a record, or does not: {exists, role, policies: [{policy, command, allows}], reads}. Admins.';
grant execute on function public.explain_access to authenticated;
