-- Sessions: where a person is signed in, and an end to it. The rows are the auth server's own.

create function public.my_sessions()
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  present constant uuid := private.present_session();
begin
  perform private.refuse_api_key();
  return (
    select coalesce(json_agg(json_build_object(
      'id', s.id,
      'created_at', s.created_at,
      -- GoTrue keeps this one without a zone, in UTC.
      'last_used_at', greatest(s.created_at, s.refreshed_at at time zone 'UTC'),
      'ip', host(s.ip),
      -- What the functions add to recognise a session by is nobody else's business.
      'user_agent', nullif(regexp_replace(s.user_agent, ' ?kontor/[0-9a-f-]{36}$', ''), ''),
      'current', s.id is not distinct from present)
      order by s.id is not distinct from present desc,
        greatest(s.created_at, s.refreshed_at at time zone 'UTC') desc, s.id), '[]')
    from (
      select * from auth.sessions o
      where o.user_id = auth.uid() and (o.not_after is null or o.not_after > now())
      order by o.id is not distinct from present desc, o.refreshed_at desc nulls last, o.created_at desc
      limit 200) as s);
end
$$;
comment on function public.my_sessions is 'Where the caller is signed in: the present session first, then the one used last.';
grant execute on function public.my_sessions to authenticated;

create function public.end_sessions(id uuid default null)
returns uuid[]
language plpgsql
security definer
set search_path = ''
as $$
declare
  present constant uuid := private.present_session();
  ended uuid[];
begin
  perform private.refuse_api_key();
  select coalesce(array_agg(s.id), '{}') into ended from auth.sessions s
  where s.user_id = auth.uid()
    and case when end_sessions.id is null then s.id is distinct from present else s.id = end_sessions.id end;
  if end_sessions.id is not null and ended = '{}' then
    perform private.refuse(404, 'not_found', 'There is no such session.');
  end if;
  -- The log is to say who ended it, and from where.
  insert into private.session_origins (id, person, origin)
  select one, auth.uid(), private.audit_origin() from unnest(ended) as one
  on conflict do nothing;
  delete from auth.sessions s where s.id = any (ended);
  return ended;
end
$$;
comment on function public.end_sessions is
  'Signs the caller out of one session, or of all but the present one. Their tokens are void (private.refuse_dead_token).';
grant execute on function public.end_sessions to authenticated;

-- The second factor ---------------------------------------------------------------------------------------

create function private.custom_access_token(event jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Nothing is granted to anon, and the functions take it for nobody.
  if event #>> '{claims,aal}' is distinct from 'aal2' and exists (
    select from auth.mfa_factors f
    where f.user_id = (event ->> 'user_id')::uuid and f.status = 'verified')
  then
    return jsonb_set(event, '{claims,role}', '"anon"');
  end if;
  return event;
end
$$;
comment on function private.custom_access_token is
  'The auth server''s hook of that name: whoever has a second factor and has not proven it is nobody, at every door.';
grant execute on function private.custom_access_token to supabase_auth_admin;
