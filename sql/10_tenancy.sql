-- Tenancy: the active tenant of a request, what a role may there, and who sees what of it.

-- The active tenant -------------------------------------------------------------------------------

create function private.api_key_id()
returns uuid
language plpgsql
stable
parallel safe
set search_path = ''
as $$
declare
  claims constant text := current_setting('request.jwt.claims', true);
begin
  -- Parsing costs, and most requests are people's.
  if claims is null or position('"api_key_id"' in claims) = 0 then
    return null;
  end if;
  return (claims::json ->> 'api_key_id')::uuid;
end
$$;
comment on function private.api_key_id is 'The API key (14_api_keys) that the request came with; null for people.';
grant execute on function private.api_key_id to authenticated, service_role;

create function private.api_key_tenant(key uuid, required public.member_role, domain text)
returns uuid
language plpgsql
stable
security definer
parallel safe
set search_path = ''
as $$
begin
  return (
    select k.tenant_id
    from public.api_keys k
    join public.memberships m on m.tenant_id = k.tenant_id and m.user_id = k.created_by
    join public.tenants t on t.id = k.tenant_id and t.deleted_at is null
    where k.id = key and k.created_by = auth.uid()
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
      and least(k.role, m.role) >= required
      and (
        k.scopes is null
        or (domain = 'tenant' and required = 'viewer')
        or domain || ':write' = any (k.scopes)
        or (domain || ':read' = any (k.scopes) and required = 'viewer')));
end
$$;
comment on function private.api_key_tenant is
  'The tenant of a live key that has the role and the scope; a key with scopes has nothing outside them but a look at its tenant.';
grant execute on function private.api_key_tenant to authenticated, service_role;

create function private.current_tenant(required public.member_role, domain text default null)
returns uuid
language plpgsql
stable
security definer
parallel safe
set search_path = ''
as $$
declare
  asked constant text := private.request_header('x-tenant-id');
  -- Here, once: as a condition it would be asked of each row.
  tenant constant uuid := private.as_uuid(asked);
  person constant uuid := auth.uid();
  key constant uuid := private.api_key_id();
  own uuid;
begin
  if key is not null then
    own := private.api_key_tenant(key, required, domain);
    return case when asked is null or tenant = own then own end;
  elsif asked is null then
    return (
      select case when count(*) = 1 then min(m.tenant_id::text) filter (where m.role >= required) end
      from public.memberships m
      join public.tenants t on t.id = m.tenant_id and t.deleted_at is null
      where m.user_id = person)::uuid;
  end if;
  return (
    select m.tenant_id
    from public.memberships m
    join public.tenants t on t.id = m.tenant_id and t.deleted_at is null
    where m.tenant_id = tenant and m.user_id = person and m.role >= required);
end
$$;
comment on function private.current_tenant is
  'The request''s active tenant: the x-tenant-id header, the caller''s only membership or the API key''s; null for who has less than the required role there. A domain names what a key''s scopes are about.';
grant execute on function private.current_tenant to authenticated, service_role;

create function private.present_session()
returns uuid
language sql
stable
set search_path = ''
as $$
  select private.as_uuid(nullif(current_setting('request.jwt.claims', true), '')::json ->> 'session_id')
$$;
comment on function private.present_session is 'The session that the caller''s token belongs to; null where the token does not say.';
grant execute on function private.present_session to authenticated, service_role;

create function private.is_session_over()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  session constant uuid := private.present_session();
begin
  return session is not null
    and not exists (select from auth.sessions s where s.id = session and s.user_id = auth.uid());
end
$$;
comment on function private.is_session_over is 'Whether the auth server has ended the session of the caller''s token, which says nothing of that itself.';
grant execute on function private.is_session_over to authenticated, service_role;

create function private.refuse_dead_token()
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  key constant uuid := private.api_key_id();
begin
  if key is null then
    if private.is_session_over() then
      perform private.refuse(401, 'unauthenticated', 'Signed out; sign in again.');
    end if;
  elsif private.api_key_tenant(key, 'viewer', 'tenant') is null then
    perform private.refuse(401, 'unauthenticated', 'This API key is not known, or no longer.');
  end if;
end
$$;
comment on function private.refuse_dead_token is
  'Who signed out, and a key that was revoked or ran out, are nobody, whatever their token says.';
grant execute on function private.refuse_dead_token to authenticated, service_role;

create function private.refuse_api_key()
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if private.api_key_id() is not null then
    perform private.refuse(403, 'forbidden', 'This is for people, not for API keys.');
  end if;
end
$$;
comment on function private.refuse_api_key is 'Refuses what a person must do themselves.';
grant execute on function private.refuse_api_key to authenticated, service_role;

create function private.require_role(required text, domain text default null)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  active constant uuid := private.current_tenant('viewer', 'tenant');
begin
  perform private.refuse_dead_token();
  if active is null then
    if private.request_header('x-tenant-id') is null then
      perform private.refuse(
        400, 'tenant_required', 'Say which tenant with the X-Tenant-Id header.');
    end if;
    perform private.refuse(403, 'forbidden', 'You do not belong to this tenant.');
  end if;
  if private.current_tenant(required::public.member_role, domain) is null then
    perform private.refuse(403, 'forbidden', case
      when private.api_key_id() is null then format('This takes the role %s.', required)
      else format('This takes the role %s, and a key whose scopes are about it.', required) end);
  end if;
  return active;
end
$$;
comment on function private.require_role is
  'The active tenant, or a refusal: 400 tenant_required, 403 forbidden for strangers, for lesser roles and for keys without the scope, 401 for a session or a key that is no more.';
grant execute on function private.require_role to authenticated;

create function private.check_request()
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if current_user = 'authenticated' then
    perform private.refuse_dead_token();
    if private.request_header('x-tenant-id') is not null
      and private.current_tenant('viewer', 'tenant') is null
    then
      perform private.refuse(403, 'forbidden', 'You do not belong to this tenant.');
    end if;
  end if;
end
$$;
comment on function private.check_request is
  'PostgREST''s pre-request: refuses a tenant that the caller does not belong to, and a session or a key that is no more.';
grant execute on function private.check_request to authenticated, service_role;

create function private.guard_tenant()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  -- Runs with the caller's rights and before every other trigger, so that no rule of another
  -- tenant (its custom fields, its number series) is ever consulted for a stranger.
  if current_user <> 'authenticated' then
    return new;
  end if;
  if new.tenant_id is null then
    -- The default found no tenant to write in; this says why.
    perform private.require_role('member', tg_argv[0]);
  end if;
  if new.tenant_id is null
    or new.tenant_id is distinct from private.current_tenant('member', tg_argv[0])
  then
    raise insufficient_privilege using
      message = 'forbidden', detail = 'You may not write in this tenant.';
  end if;
  return new;
end
$$;
comment on function private.guard_tenant is 'BEFORE INSERT, first of all triggers: callers write only into their active tenant. Argument: the domain that scopes name.';

-- Grants and policies -----------------------------------------------------------------------------

alter table public.people enable row level security;
alter table public.people force row level security;
alter table public.tenants enable row level security;
alter table public.tenants force row level security;
alter table public.memberships enable row level security;
alter table public.memberships force row level security;

grant select on public.people, public.tenants, public.memberships to authenticated, service_role;
grant update (name) on public.people to authenticated;
grant update (name, currency, time_zone, locale, order_prefix, address, tax_id, phone, email)
  on public.tenants to authenticated, service_role;
grant update (role) on public.memberships to authenticated, service_role;

create policy "people see themselves and the members of their tenant"
  on public.people for select to authenticated
  using (
    id = (select auth.uid())
    or id in (
      select m.user_id from public.memberships m
      where m.tenant_id = (select private.current_tenant('viewer'))));
create policy "people rename themselves"
  on public.people for update to authenticated
  using (id = (select auth.uid()) and (select private.api_key_id()) is null)
  with check (id = (select auth.uid()));

create policy "members read their tenant"
  on public.tenants for select to authenticated
  using (id = (select private.current_tenant('viewer', 'tenant')));
create policy "admins change their tenant"
  on public.tenants for update to authenticated
  using (id = (select private.current_tenant('admin')))
  with check (id = (select private.current_tenant('admin')));

create policy "members see who else is a member"
  on public.memberships for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer')));
create policy "admins change roles"
  on public.memberships for update to authenticated
  using (tenant_id = (select private.current_tenant('admin')))
  with check (tenant_id = (select private.current_tenant('admin')));
