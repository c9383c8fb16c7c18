-- Audit: signing in and out. The auth server makes and ends sessions; triggers on its table see all of
-- them, whoever asked. The functions, which know more about who asked, say so beforehand.

create table private.session_origins (
  id uuid primary key,
  person uuid,
  origin audit.origin not null,
  is_counted boolean not null default false,
  created_at timestamptz not null default now()
);
comment on table private.session_origins is
  'Who is about to sign in or out through the functions, for as long as the auth server takes.';
comment on column private.session_origins.id is
  'Of a sign-in: what the functions add to the user agent, which the session then carries. Of a sign-out: the session.';
comment on column private.session_origins.is_counted is
  'The auth server reported one refused password of this person: the functions record it, who know from where.';
alter table private.session_origins enable row level security;
alter table private.session_origins force row level security;

create table private.password_failures (
  person uuid primary key references auth.users (id) on delete cascade,
  failures int not null default 1,
  last_at timestamptz not null default now()
);
comment on table private.password_failures is
  'Wrong passwords in a row, wherever they came from: a hundred, and none is taken for an hour. Signing in by any way forgets them.';
comment on column private.password_failures.last_at is 'Of the last one that counted: while nothing is taken, none does.';
alter table private.password_failures enable row level security;
alter table private.password_failures force row level security;

create function private.announce_session(id uuid, email text default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.session_origins s where s.created_at < now() - interval '10 minutes';
  insert into private.session_origins (id, person, origin)
  values (
    announce_session.id,
    (select p.id from public.people p where p.email = lower(btrim(announce_session.email))),
    private.audit_origin());
end
$$;
comment on function private.announce_session is 'Before the functions ask the auth server to make or end a session.';

create function private.record_session(person uuid, action text, origin audit.origin, metadata jsonb default '{}')
returns void
language sql
security definer
set search_path = ''
as $$
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, ip, user_agent, request_id, metadata)
  select m.tenant_id, 'user', person::text, action, 'session', person::text, (origin).ip,
    left((origin).user_agent, 500), (origin).request_id,
    jsonb_strip_nulls(metadata) || jsonb_build_object('door', (origin).door)
  from public.memberships m where m.user_id = person
$$;
comment on function private.record_session is
  'Writes sign_in, sign_in_failed or sign_out of a person into the log of each tenant they belong to.';

create function private.end_announcement(id uuid, refused text default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  announced private.session_origins;
begin
  delete from private.session_origins s where s.id = end_announcement.id returning s.* into announced;
  if refused is not null and announced.person is not null then
    perform private.record_session(
      announced.person, 'sign_in_failed', announced.origin, jsonb_build_object('reason', refused));
  end if;
end
$$;
comment on function private.end_announcement is
  'When the auth server has answered: a sign-in it refused, and why, is recorded of people whom we know.';
grant execute on function private.announce_session, private.end_announcement to kontor_functions;

create function private.audit_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  mark text;
  found private.session_origins;
begin
  if tg_op = 'DELETE' then
    delete from private.session_origins s where s.id = old.id returning s.* into found;
    perform private.record_session(old.user_id, 'sign_out',
      coalesce(found.origin, row(null, null, 'auth', null, null, null)::audit.origin));
  elsif tg_op = 'INSERT' or old.ip is null then
    delete from private.password_failures f where f.person = new.user_id;
    mark := substring(new.user_agent from ' kontor/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
    delete from private.session_origins s where s.id = mark::uuid returning s.* into found;
    perform private.record_session(new.user_id, 'sign_in',
      coalesce(found.origin, row(null, null, 'auth', new.ip, new.user_agent, null)::audit.origin));
  end if;
  return null;
end
$$;
comment on function private.audit_session is
  'AFTER a session is made (and says from where) or ended, by whatever way: sign_in or sign_out.';
create trigger audit_begin after insert on auth.sessions
  for each row when (new.ip is not null) execute function private.audit_session();
create trigger audit_origin after update of ip on auth.sessions
  for each row when (old.ip is null and new.ip is not null) execute function private.audit_session();
create trigger audit_end after delete on auth.sessions
  for each row execute function private.audit_session();

create function private.password_verification_attempt(event jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  who constant uuid := event ->> 'user_id';
  is_valid constant boolean := coalesce((event ->> 'valid')::boolean, true);
  most constant int := 100;
  earlier int;
begin
  select f.failures into earlier from private.password_failures f
  where f.person = who and f.last_at > now() - interval '1 hour' for update;
  if not is_valid and coalesce(earlier, 0) < most then
    insert into private.password_failures (person) values (who)
    on conflict (person) do update set failures = coalesce(earlier, 0) + 1, last_at = now();
  end if;
  if not is_valid then
    update private.session_origins s set is_counted = true
    where s.id = (
      select o.id from private.session_origins o
      where o.person = who and not o.is_counted and o.created_at > now() - interval '1 minute'
      order by o.created_at limit 1 for update skip locked);
    if not found then
      perform private.record_session(who, 'sign_in_failed',
        row(null, null, 'auth', (event ->> 'ip')::inet, event ->> 'user_agent', null)::audit.origin,
        jsonb_build_object('reason', 'invalid_credentials'));
    end if;
  end if;
  if earlier >= most then
    -- In the auth server's own words for a wrong one: others would tell who has an account.
    return jsonb_build_object('decision', 'reject', 'message', 'Invalid login credentials');
  end if;
  return jsonb_build_object('decision', 'continue');
end
$$;
comment on function private.password_verification_attempt is
  'The auth server''s hook of that name: {user_id, valid}. After a hundred wrong ones in a row even the right one is refused for an hour, so that nobody guesses on from many addresses. One refused password, one entry: here, unless the functions announced it and record it themselves. GoTrue does not say from where; our embedded one does.';
grant usage on schema private to supabase_auth_admin;
grant execute on function private.password_verification_attempt to supabase_auth_admin;
