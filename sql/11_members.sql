-- Members: who may give which role to whom, and what people do with tenants and with one another.

-- Rules of memberships ----------------------------------------------------------------------------

create function private.role_of(tenant uuid, person uuid)
returns public.member_role
language sql
stable
security definer
set search_path = ''
as $$
  select role from public.memberships where tenant_id = tenant and user_id = person
$$;
comment on function private.role_of is 'The role of a person in a tenant, null for strangers.';

create function private.own_role(tenant uuid)
returns public.member_role
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  own constant public.member_role := private.role_of(tenant, auth.uid());
  key constant uuid := private.api_key_id();
begin
  -- A key with scopes manages nothing.
  return case when key is null then own else (
    select least(own, k.role) from public.api_keys k
    where k.id = key and private.api_key_tenant(key, 'viewer', null) = tenant) end;
end
$$;
comment on function private.own_role is 'The caller''s role in a tenant, null for strangers; for an API key at most its own.';

create function private.refuse_above_own_role(tenant uuid, granted public.member_role)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  own public.member_role := private.own_role(tenant);
begin
  -- Owners may everything; everybody else only below their own role.
  if own is distinct from 'owner' and not coalesce(granted < own, false) then
    perform private.refuse(403, 'forbidden', 'You can only manage roles below your own.');
  end if;
end
$$;

create function private.guard_membership()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  leaves constant boolean := tg_op = 'DELETE';
begin
  if auth.uid() is not null
    and not (leaves and old.user_id = auth.uid() and private.api_key_id() is null)
  then
    perform private.refuse_above_own_role(old.tenant_id, old.role);
    if not leaves then
      perform private.refuse_above_own_role(new.tenant_id, new.role);
    end if;
  end if;

  if old.role = 'owner' and (leaves or new.role <> 'owner') then
    -- Two owners who unmake each other at once wait here for one another. The row is gone when the
    -- tenant itself is being deleted, and then nobody needs to own it.
    perform from public.tenants where id = old.tenant_id for no key update;
    if found and not exists (
      select from public.memberships
      where tenant_id = old.tenant_id and role = 'owner' and user_id <> old.user_id)
    then
      perform private.refuse(409, 'last_owner', 'A tenant always has an owner. Make somebody else one first.');
    end if;
  end if;
  return case when leaves then old else new end;
end
$$;
comment on function private.guard_membership is
  'Roles are managed from above, and a tenant never loses its last owner.';
create trigger guard_membership before update or delete on public.memberships
  for each row execute function private.guard_membership();

-- What people do with tenants and members ---------------------------------------------------------

create function public.my_tenants()
returns json
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_object(
    'id', t.id, 'slug', t.slug, 'name', t.name, 'role', m.role,
    'currency', t.currency, 'time_zone', t.time_zone, 'locale', t.locale,
    'order_prefix', t.order_prefix, 'address', t.address, 'tax_id', t.tax_id, 'phone', t.phone,
    'email', t.email, 'logo_id', t.logo_id, 'version', t.version) order by t.name, t.id), '[]')
  from public.memberships m
  join public.tenants t on t.id = m.tenant_id
  where m.user_id = auth.uid() and t.deleted_at is null
    and (private.api_key_id() is null or t.id = private.current_tenant('viewer', 'tenant'))
$$;
comment on function public.my_tenants is 'The tenants that the caller belongs to, with the role in each; an API key''s own.';
grant execute on function public.my_tenants to authenticated;

create function private.my_tenant(tenant uuid)
returns json
language sql
stable
set search_path = ''
as $$
  select t from json_array_elements(public.my_tenants()) as t where t ->> 'id' = tenant::text
$$;

create function public.create_tenant(payload jsonb)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  made uuid;
begin
  perform private.refuse_api_key();
  perform private.refuse_unknown_keys(payload, array['name', 'slug', 'currency', 'time_zone', 'locale']);
  if not exists (select from public.people where id = auth.uid()) then
    perform private.refuse(401, 'unauthenticated', 'Sign in first.');
  end if;
  -- Each may send mails in its name: nobody gets as many as they like.
  if (select count(*) from public.memberships where user_id = auth.uid() and role = 'owner') >= 50 then
    perform private.refuse(409, 'conflict', 'You own fifty tenants, and nobody makes more.');
  end if;
  if not exists (select from public.currencies where code = payload ->> 'currency') then
    perform private.refuse(422, 'validation_failed', 'Not an ISO 4217 currency.', 'currency');
  end if;
  if exists (select from public.tenants where slug = payload ->> 'slug') then
    perform private.refuse(409, 'conflict', 'This short name is taken. Choose another.', 'slug');
  end if;

  insert into public.tenants (name, slug, currency, time_zone, locale)
  values (
    btrim(payload ->> 'name'), payload ->> 'slug', payload ->> 'currency',
    payload ->> 'time_zone', coalesce(payload ->> 'locale', 'en'))
  returning id into made;
  insert into public.memberships (tenant_id, user_id, role) values (made, auth.uid(), 'owner');
  return private.my_tenant(made);
end
$$;
comment on function public.create_tenant is
  'Makes a tenant of {name, slug, currency, time_zone, locale?} and the caller its owner.';
grant execute on function public.create_tenant to authenticated;

create function private.require_role_in(tenant uuid, required public.member_role)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  own public.member_role := private.own_role(tenant);
begin
  if own is null or exists (
    select from public.tenants where id = tenant and deleted_at is not null)
  then
    perform private.refuse(404, 'not_found', 'There is no such tenant.');
  end if;
  if own < required then
    perform private.refuse(403, 'forbidden', format('This takes the role %s.', required));
  end if;
end
$$;

create function public.update_tenant(id uuid, patch jsonb, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  present public.tenants;
begin
  perform private.require_role_in(update_tenant.id, 'admin');
  perform private.refuse_unknown_keys(
    patch, array['name', 'currency', 'time_zone', 'locale', 'order_prefix', 'address', 'tax_id',
      'phone', 'email', 'logo_id']);
  select t.* into present from public.tenants t where t.id = update_tenant.id for no key update;
  perform private.matches_version(present.version, expected_version);
  if patch ? 'currency' and not exists (select from public.currencies where code = patch ->> 'currency') then
    perform private.refuse(422, 'validation_failed', 'Not an ISO 4217 currency.', 'currency');
  end if;

  present := jsonb_populate_record(present, patch);
  update public.tenants t
  set name = btrim(present.name), currency = present.currency, time_zone = present.time_zone,
      locale = present.locale, order_prefix = present.order_prefix,
      -- What a patch sets to null is a JSON null here.
      address = nullif(present.address, 'null'), tax_id = present.tax_id,
      phone = present.phone, email = present.email, logo_id = present.logo_id
  where t.id = update_tenant.id;
  return private.my_tenant(update_tenant.id);
end
$$;
comment on function public.update_tenant is 'Changes a tenant''s settings; admins and owners.';
grant execute on function public.update_tenant to authenticated;

create function public.delete_tenant(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_role_in(delete_tenant.id, 'owner');
  -- Out of everybody's sight at once; an operator can bring it back, or erase it for good.
  update public.tenants t set deleted_at = now() where t.id = delete_tenant.id;
end
$$;
comment on function public.delete_tenant is 'Puts a tenant out of sight; owners only.';
grant execute on function public.delete_tenant to authenticated;

create function public.list_members()
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('viewer');
begin
  return (
    select coalesce(json_agg(json_build_object(
      'user_id', m.user_id, 'email', p.email, 'name', p.name, 'role', m.role,
      'joined_at', m.created_at) order by m.role desc, p.email), '[]')
    from public.memberships m join public.people p on p.id = m.user_id
    where m.tenant_id = tenant);
end
$$;
comment on function public.list_members is 'The members of the active tenant.';
grant execute on function public.list_members to authenticated;

create function private.require_member(member uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if private.role_of(private.require_role('viewer'), member) is null then
    perform private.refuse(404, 'not_found', 'There is no such member.');
  end if;
end
$$;

create function public.set_member_role(user_id uuid, role text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.require_member(set_member_role.user_id);
  update public.memberships m set role = set_member_role.role::public.member_role
  where m.tenant_id = tenant and m.user_id = set_member_role.user_id;
  return (
    select member from json_array_elements(public.list_members()) as member
    where member ->> 'user_id' = set_member_role.user_id::text);
end
$$;
comment on function public.set_member_role is 'Gives a member another role; admins below their own, owners any.';
grant execute on function public.set_member_role to authenticated;

create function public.remove_member(user_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role(
    case when remove_member.user_id = auth.uid() and private.api_key_id() is null
      then 'viewer' else 'admin' end);
begin
  perform private.require_member(remove_member.user_id);
  delete from public.memberships m
  where m.tenant_id = tenant and m.user_id = remove_member.user_id;
end
$$;
comment on function public.remove_member is 'Takes somebody out of the active tenant; anybody may leave.';
grant execute on function public.remove_member to authenticated;
