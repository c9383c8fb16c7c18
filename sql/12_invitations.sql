-- Invitations: how somebody becomes a member. A token that only its receiver has, used once, in time.

create table public.invitations (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  email text not null constraint invitations_email_format
    check (email = lower(email) and char_length(email) <= 320 and email ~ '^[^@\s]+@[^@\s]+$'),
  role public.member_role not null,
  token_hash bytea not null unique,
  mailed_token_hash bytea unique,
  invited_by uuid references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.invitations is 'Offers of a membership, taken once with a token that only its receiver has.';
comment on column public.invitations.token_hash is 'SHA-256 of the token; the token itself is never stored.';
comment on column public.invitations.mailed_token_hash is 'SHA-256 of the token in the mail, which is made when the mail is.';
create unique index invitations_pending_key on public.invitations (tenant_id, email)
  where accepted_at is null;

alter table public.invitations enable row level security;
alter table public.invitations force row level security;
create policy "admins see the invitations"
  on public.invitations for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));
grant select (tenant_id, id, email, role, invited_by, created_at, expires_at, accepted_at)
  on public.invitations to authenticated, service_role;

create function private.invitation_document(i public.invitations)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', i.id, 'email', i.email, 'role', i.role, 'invited_by', i.invited_by,
    'created_at', i.created_at, 'expires_at', i.expires_at, 'accepted_at', i.accepted_at)
$$;

create function public.invite_member(email text, role text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  tenant uuid := private.require_role('admin');
  address text := lower(btrim(invite_member.email));
  -- Two random UUIDs carry 244 random bits.
  token text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  made public.invitations;
begin
  perform private.refuse_above_own_role(tenant, invite_member.role::public.member_role);
  if exists (
    select from public.memberships m join public.people p on p.id = m.user_id
    where m.tenant_id = tenant and p.email = address)
  then
    perform private.refuse(409, 'conflict', 'This person is a member already.', 'email');
  end if;
  -- An open offer of a higher role is not to be replaced from below.
  perform private.refuse_above_own_role(tenant, i.role) from public.invitations i
  where i.tenant_id = tenant and i.email = address and i.accepted_at is null for no key update;
  -- Inviting again sends a fresh token and lets the old one lapse.
  insert into public.invitations as i (tenant_id, email, role, token_hash, invited_by)
  values (tenant, address, invite_member.role::public.member_role, sha256(convert_to(token, 'UTF8')), auth.uid())
  on conflict (tenant_id, email) where accepted_at is null do update
    set role = excluded.role, token_hash = excluded.token_hash, mailed_token_hash = null, invited_by = excluded.invited_by,
        created_at = now(), expires_at = excluded.expires_at
  returning i.* into made;
  perform private.enqueue_email(
    tenant, 'invitation', made.email, jsonb_build_object('invitation_id', made.id));
  return private.invitation_document(made) || jsonb_build_object('token', token);
end
$$;
comment on function public.invite_member is
  'Invites an address into the active tenant and mails it; the token is in this answer and nowhere else, the mail has its own.';
grant execute on function public.invite_member to authenticated;

create function public.list_invitations()
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
    select coalesce(json_agg(private.invitation_document(i) order by i.created_at desc, i.id desc), '[]')
    from public.invitations i where i.tenant_id = tenant and i.accepted_at is null);
end
$$;
comment on function public.list_invitations is 'The invitations of the active tenant that nobody has taken yet.';
grant execute on function public.list_invitations to authenticated;

create function public.revoke_invitation(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.refuse_above_own_role(tenant, i.role) from public.invitations i
  where i.tenant_id = tenant and i.id = revoke_invitation.id and i.accepted_at is null for no key update;
  delete from public.invitations i
  where i.tenant_id = tenant and i.id = revoke_invitation.id and i.accepted_at is null;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such open invitation.');
  end if;
end
$$;
comment on function public.revoke_invitation is 'Takes an open invitation back.';
grant execute on function public.revoke_invitation to authenticated;

create function public.accept_invitation(token text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  offer public.invitations;
begin
  perform private.refuse_api_key();
  select i.* into offer from public.invitations i
  where sha256(convert_to(accept_invitation.token, 'UTF8')) in (i.token_hash, i.mailed_token_hash)
  for update;
  if not found or exists (
    select from public.tenants t where t.id = offer.tenant_id and t.deleted_at is not null)
  then
    perform private.refuse(404, 'not_found', 'This invitation does not exist, or was taken back.');
  end if;
  if offer.email is distinct from (select p.email from public.people p where p.id = auth.uid()) then
    perform private.refuse(403, 'forbidden', 'This invitation is for another address. Sign in with that one.');
  end if;
  if offer.accepted_at is not null then
    perform private.refuse(409, 'conflict', 'This invitation was used already.');
  end if;
  if offer.expires_at <= now() then
    perform private.refuse(409, 'conflict', 'This invitation has expired. Ask for a new one.');
  end if;

  insert into public.memberships (tenant_id, user_id, role)
  values (offer.tenant_id, auth.uid(), offer.role)
  on conflict do nothing;
  update public.invitations i set accepted_at = now()
  where i.tenant_id = offer.tenant_id and i.id = offer.id;
  return private.my_tenant(offer.tenant_id);
end
$$;
comment on function public.accept_invitation is
  'Makes the caller a member by an invitation to their own address; once, before it expires.';
grant execute on function public.accept_invitation to authenticated;

create function private.look_at_invitation(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  found jsonb;
begin
  select jsonb_build_object(
    'tenant', t.name, 'role', i.role, 'email', i.email, 'invited_by', coalesce(p.name, p.email),
    'expires_at', i.expires_at,
    'state', case
      when i.accepted_at is not null then 'accepted'
      when i.expires_at <= now() then 'expired'
      else 'open' end)
  into found
  from public.invitations i
  join public.tenants t on t.id = i.tenant_id and t.deleted_at is null
  left join public.people p on p.id = i.invited_by
  where sha256(convert_to(look_at_invitation.token, 'UTF8')) in (i.token_hash, i.mailed_token_hash);
  if found is null then
    perform private.refuse(404, 'not_found', 'This invitation does not exist, or was taken back.');
  end if;
  return found;
end
$$;
comment on function private.look_at_invitation is
  'What somebody is invited to. Whoever has the token may know: it is their invitation, before they have an account even.';
grant execute on function private.look_at_invitation to kontor_functions;
