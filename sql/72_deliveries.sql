-- Deliveries: what an event becomes for each endpoint that subscribed, and what the tasks that send them
-- ask and say (tasks/webhooks).

create type public.delivery_status as enum ('pending', 'succeeded', 'failed');

create table public.webhook_deliveries (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  webhook_id uuid not null,
  event_id uuid not null,
  event_type text not null,
  entity_type text not null,
  entity_id uuid not null,
  sequence bigint not null,
  status public.delivery_status not null default 'pending',
  tries int not null default 0,
  attempt_count int not null default 0,
  next_attempt_at timestamptz default now(),
  response_status int,
  error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, webhook_id, event_id),
  constraint webhook_deliveries_webhook_id_fkey foreign key (tenant_id, webhook_id)
    references public.webhooks (tenant_id, id) on delete cascade,
  constraint webhook_deliveries_event_id_fkey foreign key (tenant_id, event_id)
    references private.events (tenant_id, id) on delete cascade
);
comment on table public.webhook_deliveries is 'What is, was or could not be sent to an endpoint.';
comment on column public.webhook_deliveries.sequence is 'The event''s: those of one record go out in this order.';
comment on column public.webhook_deliveries.tries is 'Attempts since it was last asked for: where it stands in the schedule of retries.';
comment on column public.webhook_deliveries.attempt_count is 'All attempts ever.';
create index webhook_deliveries_log_idx on public.webhook_deliveries (tenant_id, webhook_id, id desc);
-- In the very order in which they are sent: thousands are due at the same moment, and sorting them took
-- seconds for each twenty that went out.
create index webhook_deliveries_due_idx
  on public.webhook_deliveries (tenant_id, webhook_id, next_attempt_at, sequence) where status = 'pending';
create index webhook_deliveries_lane_idx on public.webhook_deliveries (tenant_id, webhook_id, entity_id, sequence)
  where status = 'pending';
create index webhook_deliveries_failed_idx on public.webhook_deliveries (tenant_id, webhook_id, created_at)
  where status = 'failed';
create index webhook_deliveries_event_idx on public.webhook_deliveries (tenant_id, event_id);

create table public.webhook_attempts (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  delivery_id uuid not null,
  at timestamptz not null,
  duration_ms int not null,
  url text not null,
  request_headers jsonb not null,
  response_status int,
  response_headers jsonb,
  response_body text,
  error text,
  primary key (tenant_id, id),
  constraint webhook_attempts_delivery_id_fkey foreign key (tenant_id, delivery_id)
    references public.webhook_deliveries (tenant_id, id) on delete cascade
);
comment on table public.webhook_attempts is 'Each time a delivery was sent, and what came back.';
comment on column public.webhook_attempts.response_body is 'Its first 4 KB.';
comment on column public.webhook_attempts.error is 'Why it counts as failed.';
create index webhook_attempts_delivery_idx on public.webhook_attempts (tenant_id, delivery_id, id);

alter table public.webhook_deliveries enable row level security;
alter table public.webhook_deliveries force row level security;
alter table public.webhook_attempts enable row level security;
alter table public.webhook_attempts force row level security;
grant select on public.webhook_deliveries, public.webhook_attempts to authenticated, service_role;
create policy "admins see what was sent to their tenant's webhooks"
  on public.webhook_deliveries for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));
create policy "admins see each attempt at their tenant's webhooks"
  on public.webhook_attempts for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));


create function private.schedule_deliveries(tenant uuid, webhook uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  next timestamptz;
begin
  select greatest(d.next_attempt_at, w.retry_at) into next
  from public.webhook_deliveries d join public.webhooks w on w.tenant_id = tenant and w.id = webhook and w.active
  where d.tenant_id = tenant and d.webhook_id = webhook and d.status = 'pending'
    and not exists (
      select from public.webhook_deliveries earlier
      where earlier.tenant_id = tenant and earlier.webhook_id = webhook
        and earlier.entity_id = d.entity_id and earlier.status = 'pending' and earlier.sequence < d.sequence)
  order by d.next_attempt_at limit 1;
  if found then
    -- An endpoint has one job, which sends what is due and then has itself called again. In a queue of
    -- its own: what is asked for while it runs comes after it.
    perform private.enqueue(
      tenant, 'deliver_webhook', jsonb_build_object('webhook_id', webhook),
      job_key => 'webhook:' || webhook, run_at => next, max_attempts => 25, queue => 'webhook:' || webhook);
  end if;
end
$$;
comment on function private.schedule_deliveries is 'Has an endpoint''s deliveries sent when the next is due.';

create function private.fan_out_events(tenant uuid)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  told uuid[];
begin
  if not exists (select from private.events e where e.tenant_id = tenant and not e.fanned_out) then
    return false; -- An earlier job did it.
  end if;
  -- One at a time, or the later of two events of a record might overtake the earlier.
  perform pg_advisory_xact_lock(hashtextextended('fan out ' || tenant, 0));
  with taken as (
    update private.events e set fanned_out = true
    from (
      select waiting.id from private.events waiting
      where waiting.tenant_id = tenant and not waiting.fanned_out
      order by waiting.sequence limit 1000
    ) as next
    where e.tenant_id = tenant and e.id = next.id
    returning e.*
  ), made as (
    insert into public.webhook_deliveries (
      tenant_id, webhook_id, event_id, event_type, entity_type, entity_id, sequence)
    select t.tenant_id, w.id, t.id, t.type, t.entity_type, t.entity_id, t.sequence
    from taken t join public.webhooks w on w.tenant_id = tenant and w.active and t.type = any (w.events)
    order by t.sequence
    on conflict do nothing
    returning webhook_id
  )
  select array_agg(distinct m.webhook_id) into told from made m;
  perform private.schedule_deliveries(tenant, webhook) from unnest(told) as webhook;
  return exists (select from private.events e where e.tenant_id = tenant and not e.fanned_out);
end
$$;
comment on function private.fan_out_events is
  'Makes the deliveries of a tenant''s events that have none, up to a thousand events; true: there are more.';

create function private.event_body(e private.events)
returns text
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  select json_build_object(
    'id', e.id, 'type', e.type, 'timestamp', e.created_at, 'tenant_id', e.tenant_id,
    'data', e.data || case when e.previous is null then '{}'
      else jsonb_build_object('previous', e.previous) end)::text
$$;
comment on function private.event_body is 'What is sent, and signed: the same text every time.';

create function private.begin_deliveries(tenant uuid, webhook uuid)
returns json
language sql
stable
security definer
set search_path = ''
as $$
  select json_build_object(
    'url', w.url, 'failures', w.failures,
    'wait_ms', greatest(0, extract(epoch from w.retry_at - clock_timestamp()) * 1000)::int,
    'sealed_secrets', (
      select json_agg(s.sealed_secret order by s.id desc) from private.webhook_secrets s
      where s.tenant_id = tenant and s.webhook_id = w.id and (s.valid_until is null or s.valid_until > now())))
  from public.webhooks w join public.tenants t on t.id = w.tenant_id and t.deleted_at is null
  where w.tenant_id = tenant and w.id = webhook and w.active
$$;
comment on function private.begin_deliveries is 'Where to send, and what to sign with, newest first; null: nothing is to be sent any more.';

create function private.due_deliveries(tenant uuid, webhook uuid, busy uuid[], most int)
returns table (id uuid, event_id uuid, event_type text, tries int, body text)
language sql
stable
security definer
set search_path = ''
as $$
  select d.id, d.event_id, d.event_type, d.tries, private.event_body(e)
  from (
    select due.* from public.webhook_deliveries due
    where due.tenant_id = tenant and due.webhook_id = webhook and due.status = 'pending'
      and due.next_attempt_at <= clock_timestamp() and due.id <> all (busy)
      and not exists (
        select from public.webhook_deliveries earlier
        where earlier.tenant_id = tenant and earlier.webhook_id = webhook
          and earlier.entity_id = due.entity_id and earlier.status = 'pending'
          and earlier.sequence < due.sequence)
    order by due.next_attempt_at, due.sequence limit most
  ) as d
  join private.events e on e.tenant_id = tenant and e.id = d.event_id
  join public.webhooks w on w.tenant_id = tenant and w.id = webhook and w.active
  order by d.next_attempt_at, d.sequence
$$;
comment on function private.due_deliveries is
  'What may be sent now: of each record the first that is not done, and none that is under way.';

create function private.disable_webhook(tenant uuid, webhook uuid, reason text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  address text;
begin
  update public.webhooks w set active = false, disabled_reason = left(reason, 500), version = w.version + 1
  where w.tenant_id = tenant and w.id = webhook and w.active
  returning w.url into address;
  if not found then
    return;
  end if;
  update public.webhook_deliveries d
  set status = 'failed', finished_at = now(), next_attempt_at = null,
    error = coalesce(d.error || ' ', '') || 'The endpoint was turned off.'
  where d.tenant_id = tenant and d.webhook_id = webhook and d.status = 'pending';
  perform private.enqueue_email(tenant, 'webhook_disabled', p.email,
    jsonb_build_object('url', address, 'reason', left(reason, 500)))
  from (
    select person.email from public.memberships m join public.people person on person.id = m.user_id
    where m.tenant_id = tenant and m.role >= 'admin'
    -- Fewer than are allowed within an hour, or nothing of this would be kept.
    limit greatest(private.mails_left(tenant), 0)
  ) as p;
end
$$;
comment on function private.disable_webhook is
  'Turns an endpoint off: what waits for it fails, and its tenant''s admins are mailed.';

create function private.finish_attempts(tenant uuid, webhook uuid, outcomes jsonb)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  present public.webhooks;
  -- Since the last success among them; tests that failed say nothing about an endpoint.
  failed int;
  succeeded boolean;
  gone boolean;
  reason text;
begin
  select w.* into present from public.webhooks w
  where w.tenant_id = tenant and w.id = webhook for no key update;
  if not found then
    return null;
  end if;

  insert into public.webhook_attempts (
    tenant_id, delivery_id, at, duration_ms, url, request_headers, response_status, response_headers,
    response_body, error)
  select tenant, d.id, o.at, o.duration_ms, o.url, o.request_headers, o.response_status,
    o.response_headers, o.response_body, o.error
  from jsonb_to_recordset(outcomes) as o (
    delivery_id uuid, at timestamptz, duration_ms int, url text, request_headers jsonb,
    response_status int, response_headers jsonb, response_body text, error text)
  join public.webhook_deliveries d on d.tenant_id = tenant and d.id = o.delivery_id;

  update public.webhook_deliveries d
  set tries = d.tries + 1, attempt_count = d.attempt_count + 1, response_status = o.response_status,
    error = o.error, status = o.status,
    next_attempt_at = case when o.status = 'pending' then now() + o.retry_in_ms * interval '1 millisecond' end,
    finished_at = case when o.status <> 'pending' then now() end
  from jsonb_to_recordset(outcomes) as o (
    delivery_id uuid, status public.delivery_status, response_status int, error text, retry_in_ms bigint)
  where d.tenant_id = tenant and d.id = o.delivery_id and d.status = 'pending';

  select coalesce(bool_or(o.status = 'succeeded'), false), coalesce(bool_or(o.gone), false),
    (array_agg(o.error order by o.place desc) filter (where o.error is not null))[1]
  into succeeded, gone, reason
  from rows from (jsonb_to_recordset(outcomes) as (
    status text, error text, gone boolean, test boolean)) with ordinality as o (status, error, gone, test, place)
  where not o.test or o.status = 'succeeded';
  select count(*) into failed
  from rows from (jsonb_to_recordset(outcomes) as (status text, test boolean))
    with ordinality as o (status, test, place)
  where o.status <> 'succeeded' and not o.test and o.place > all (
    select ok.place from rows from (jsonb_to_recordset(outcomes) as (status text))
      with ordinality as ok (status, place)
    where ok.status = 'succeeded');

  update public.webhooks w
  set last_success_at = case when succeeded then now() else w.last_success_at end,
    last_failure_at = case when failed > 0 then now() else w.last_failure_at end,
    failures = case when succeeded then 0 else w.failures end + failed,
    failing_since = case when failed = 0 and not succeeded then w.failing_since
      when failed = 0 then null
      when succeeded then now() else coalesce(w.failing_since, now()) end
  where w.tenant_id = tenant and w.id = webhook
  returning w.* into present;

  if gone or (failed > 0 and present.failing_since < now() - interval '5 days') then
    perform private.disable_webhook(tenant, webhook, reason);
    return null;
  end if;
  return json_build_object('failures', present.failures);
end
$$;
comment on function private.finish_attempts is
  'Keeps what became of attempts, in their order, and how the endpoint fares; null: nothing more is to be sent to it.';

create function private.rest_webhook(tenant uuid, webhook uuid, ms bigint)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.webhooks w set retry_at = clock_timestamp() + ms * interval '1 millisecond'
  where w.tenant_id = tenant and w.id = webhook
$$;
comment on function private.rest_webhook is 'Leaves an endpoint that fails again and again alone for a while.';

create function private.tend_webhooks()
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  pruned int;
begin
  -- Whose jobs somebody cancelled, or gave up: they begin anew.
  perform private.enqueue(e.tenant_id, 'fan_out_events', '{}')
  from (
    select distinct waiting.tenant_id from private.events waiting
    where not waiting.fanned_out and waiting.created_at < now() - interval '1 minute') as e
  where private.is_live_tenant(e.tenant_id) and not exists (
    select from private.jobs_of(e.tenant_id) j where j.task = 'fan_out_events' and j.state <> 'failed');
  perform private.schedule_deliveries(d.tenant_id, d.webhook_id)
  from (
    select distinct due.tenant_id, due.webhook_id from public.webhook_deliveries due
    where due.status = 'pending' and due.next_attempt_at < now() - interval '1 minute') as d
  where private.is_live_tenant(d.tenant_id) and not exists (
    select from graphile_worker._private_jobs j
    where j.key = 'webhook:' || d.webhook_id and j.attempts < j.max_attempts);
  delete from private.events e
  where e.created_at < now() - interval '30 days' and e.fanned_out and not exists (
    select from public.webhook_deliveries d
    where d.tenant_id = e.tenant_id and d.event_id = e.id and d.status = 'pending');
  get diagnostics pruned = row_count;
  delete from private.webhook_secrets where valid_until < now();
  return pruned;
end
$$;
comment on function private.tend_webhooks is
  'Takes up deliveries that no job works on, and forgets events and their deliveries after 30 days; answers how many.';

grant execute on function private.fan_out_events, private.schedule_deliveries, private.begin_deliveries,
  private.due_deliveries, private.finish_attempts, private.rest_webhook, private.tend_webhooks
  to kontor_worker;
