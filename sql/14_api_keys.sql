-- API keys: how machines come in. A key belongs to a tenant and acts for the person who made it, with at
-- most the key's own role and scopes; private.current_tenant() looks at it in every request.

create table public.api_keys (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null unique default private.uuid_v7(),
  label text not null constraint api_keys_label_length check (char_length(btrim(label)) between 1 and 200),
  prefix text not null unique,
  key_hash bytea not null,
  role public.member_role not null,
  scopes text[] constraint api_keys_scopes_known check (
    scopes <@ array['orders:read', 'orders:write', 'customers:read', 'customers:write', 'products:read',
      'products:write', 'files:read', 'files:write', 'exports:read', 'exports:write']
    and cardinality(scopes) > 0),
  created_by uuid not null references public.people (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  last_used_ip inet,
  revoked_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.api_keys is 'Keys of machines. Made by rpc create_api_key, which alone shows one.';
comment on column public.api_keys.prefix is 'What everybody may see of the key: kontor_<prefix>_….';
comment on column public.api_keys.key_hash is 'SHA-256 of the whole key; it has 240 random bits, so nothing slower is needed.';
comment on column public.api_keys.role is 'At most this; and at most what the person who made it is now.';
comment on column public.api_keys.scopes is 'Only these, <domain>:read or <domain>:write (which reads, too); null for whatever the role may.';
comment on column public.api_keys.last_used_at is 'To the minute.';
create index api_keys_created_by_idx on public.api_keys (created_by);

alter table public.api_keys enable row level security;
alter table public.api_keys force row level security;
grant select (tenant_id, id, label, prefix, role, scopes, created_by, created_at, expires_at, last_used_at,
  last_used_ip, revoked_at) on public.api_keys to authenticated, service_role;
create policy "admins see the keys of their tenant"
  on public.api_keys for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));

create function private.api_key_document(k public.api_keys)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', k.id, 'label', k.label, 'prefix', k.prefix, 'role', k.role, 'scopes', k.scopes,
    'created_by', k.created_by, 'created_at', k.created_at, 'expires_at', k.expires_at,
    'last_used_at', k.last_used_at, 'last_used_ip', host(k.last_used_ip), 'revoked_at', k.revoked_at)
$$;

create function public.create_api_key(payload jsonb)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  prefix constant text := substr(replace(gen_random_uuid()::text, '-', ''), 1, 10);
  key constant text := format('kontor_%s_%s', prefix,
    replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));
  made public.api_keys;
begin
  perform private.refuse_api_key();
  perform private.refuse_unknown_keys(payload, array['label', 'role', 'scopes', 'expires_at']);
  if (payload ->> 'role')::public.member_role > private.role_of(tenant, auth.uid()) then
    perform private.refuse(403, 'forbidden', 'A key has at most your own role.', 'role');
  end if;
  -- Without a list a key may whatever its role may: what is meant as one and is none must not pass.
  if jsonb_typeof(payload -> 'scopes') not in ('array', 'null') then
    perform private.refuse(422, 'validation_failed', 'Expected a list of scopes.', 'scopes');
  end if;
  if (payload ->> 'expires_at')::timestamptz <= now() then
    perform private.refuse(422, 'validation_failed', 'This lies in the past.', 'expires_at');
  end if;
  if (select count(*) from public.api_keys k where k.tenant_id = tenant and k.revoked_at is null) >= 100 then
    perform private.refuse(409, 'conflict', 'A tenant has a hundred keys at most. Revoke one first.');
  end if;
  insert into public.api_keys (tenant_id, label, prefix, key_hash, role, scopes, created_by, expires_at)
  values (
    tenant, btrim(payload ->> 'label'), prefix, sha256(convert_to(key, 'UTF8')),
    (payload ->> 'role')::public.member_role,
    case when jsonb_typeof(payload -> 'scopes') = 'array'
      then array(select distinct jsonb_array_elements_text(payload -> 'scopes') order by 1) end,
    auth.uid(), (payload ->> 'expires_at')::timestamptz)
  returning * into made;
  return private.api_key_document(made) || jsonb_build_object('key', key);
end
$$;
comment on function public.create_api_key is
  'Makes a key of {label, role, scopes?, expires_at?}; the answer alone holds it, as `key`. Admins.';
grant execute on function public.create_api_key to authenticated;

create function public.list_api_keys()
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  return (
    select coalesce(json_agg(private.api_key_document(k) order by k.id desc), '[]')
    from public.api_keys k where k.tenant_id = tenant);
end
$$;
comment on function public.list_api_keys is 'The active tenant''s keys, newest first, those that were revoked too. Admins.';
grant execute on function public.list_api_keys to authenticated;

create function public.revoke_api_key(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.refuse_api_key();
  update public.api_keys k set revoked_at = now()
  where k.tenant_id = tenant and k.id = revoke_api_key.id and k.revoked_at is null;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such key, or it was revoked already.');
  end if;
end
$$;
comment on function public.revoke_api_key is 'Ends a key of the active tenant, at once. Admins.';
grant execute on function public.revoke_api_key to authenticated;

create function private.find_api_key(key text, address inet)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  found public.api_keys;
begin
  select k.* into found
  from public.api_keys k
  join public.memberships m on m.tenant_id = k.tenant_id and m.user_id = k.created_by
  join public.tenants t on t.id = k.tenant_id and t.deleted_at is null
  where k.prefix = split_part(key, '_', 2) and k.key_hash = sha256(convert_to(key, 'UTF8'))
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
  if found.id is null then
    return null;
  end if;
  -- One write a minute at most, and nobody waits for another's.
  if found.last_used_at is null or found.last_used_at < now() - interval '1 minute' then
    update public.api_keys k set last_used_at = now(), last_used_ip = address
    where k.ctid = (select l.ctid from public.api_keys l
      where l.tenant_id = found.tenant_id and l.id = found.id for no key update skip locked);
  end if;
  return json_build_object('id', found.id, 'tenant_id', found.tenant_id, 'created_by', found.created_by,
    'expires_at', found.expires_at);
end
$$;
comment on function private.find_api_key is
  'The live key behind what a machine sent: {id, tenant_id, created_by, expires_at}, else null; notes that it was used.';
grant execute on function private.find_api_key to kontor_functions;
