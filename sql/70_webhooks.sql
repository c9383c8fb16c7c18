-- Webhooks: what happens to a tenant's records is told to the addresses that its admins name. An event
-- is a row written in the transaction that causes it, whichever door it came through (the outbox); a
-- task makes a delivery of it for each endpoint that subscribed, another sends them (tasks/webhooks).

-- Endpoints -----------------------------------------------------------------------------------------------

create function private.event_types()
returns text[]
language sql
immutable
set search_path = ''
as $$
  select array[
    'order.created', 'order.updated', 'order.status_changed', 'order.deleted', 'order.restored',
    'customer.created', 'customer.updated', 'customer.deleted',
    'product.created', 'product.updated', 'product.deleted',
    'attachment.ready', 'export.succeeded', 'export.failed', 'member.joined', 'member.removed']
$$;
comment on function private.event_types is 'What an endpoint may subscribe to. webhook.test is sent to who asked for it alone.';

create table public.webhooks (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  url text not null constraint webhooks_url_format
    check (url ~ '^https?://[^\s[:cntrl:]]+$' and char_length(url) <= 2000),
  events text[] not null constraint webhooks_events_known
    check (cardinality(events) between 1 and 50 and events <@ private.event_types()),
  description text constraint webhooks_description_length check (char_length(description) <= 1000),
  active boolean not null default true,
  disabled_reason text,
  secret_rotated_at timestamptz,
  version int not null default 1,
  created_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  last_success_at timestamptz,
  last_failure_at timestamptz,
  failing_since timestamptz,
  failures int not null default 0,
  retry_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.webhooks is 'Addresses that a tenant''s events are sent to. Written through the functions only.';
comment on column public.webhooks.events is 'The types of event it gets.';
comment on column public.webhooks.active is 'Nothing that happens while it is not is sent.';
comment on column public.webhooks.disabled_reason is 'Why Kontor turned it off; null when a person did.';
comment on column public.webhooks.failing_since is 'The first failure since it last succeeded.';
comment on column public.webhooks.failures is 'Failures in a row.';
comment on column public.webhooks.retry_at is 'Failing again and again, it is left alone until then.';

alter table public.webhooks enable row level security;
alter table public.webhooks force row level security;
grant select on public.webhooks to authenticated, service_role;
create policy "admins see their tenant's webhooks"
  on public.webhooks for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));

create table private.webhook_secrets (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  webhook_id uuid not null,
  sealed_secret text not null,
  valid_until timestamptz,
  primary key (tenant_id, id),
  constraint webhook_secrets_webhook_id_fkey foreign key (tenant_id, webhook_id)
    references public.webhooks (tenant_id, id) on delete cascade
);
comment on table private.webhook_secrets is 'What deliveries are signed with, sealed by the functions: no role reads them in the clear here.';
comment on column private.webhook_secrets.valid_until is 'Set once another took its place: so long both sign.';
create index webhook_secrets_webhook_idx on private.webhook_secrets (tenant_id, webhook_id);
alter table private.webhook_secrets enable row level security;
alter table private.webhook_secrets force row level security;

-- The outbox ----------------------------------------------------------------------------------------------

create table private.events (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  sequence bigint generated always as identity,
  type text not null,
  entity_type text not null,
  entity_id uuid not null,
  data jsonb,
  previous jsonb,
  complete boolean not null default false,
  fanned_out boolean not null default false,
  xact xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- With the time, for transactions are counted anew in a restored database.
  unique (tenant_id, entity_type, entity_id, xact, created_at)
) with (fillfactor = 60);
comment on table private.events is 'What happened: one event for each record that a transaction changed.';
comment on column private.events.id is 'The webhook-id, by which receivers know a repetition.';
comment on column private.events.sequence is 'The order of the events of one record: made while its row is locked.';
comment on column private.events.data is 'The record as its GET gave it when the transaction ended.';
comment on column private.events.previous is 'What the changed fields held before the transaction.';
comment on column private.events.complete is 'False only inside the transaction that makes it.';
create index events_waiting_idx on private.events (tenant_id, sequence) where not fanned_out;
create index events_created_at_idx on private.events using brin (created_at);
alter table private.events enable row level security;
alter table private.events force row level security;

create function private.wants_events(tenant uuid, entity_type text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  -- The tenant is looked for as well: while one is erased, its webhooks go last.
  return exists (
    select from public.webhooks w join public.tenants t on t.id = w.tenant_id and t.deleted_at is null
    where w.tenant_id = tenant and w.active
      and exists (select from unnest(w.events) as type where split_part(type, '.', 1) = wants_events.entity_type));
end
$$;
comment on function private.wants_events is 'Whether anybody is told about a kind of record; asked before anything is written.';

create function private.note_event(
  tenant uuid, entity_type text, entity_id uuid, verb text,
  previous jsonb default null, data jsonb default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  noted private.events;
  before text;
begin
  select e.* into noted from private.events e
  where e.tenant_id = tenant and e.entity_type = note_event.entity_type
    and e.entity_id = note_event.entity_id and e.xact = pg_current_xact_id() and e.created_at = now();
  if not found then
    insert into private.events (tenant_id, type, entity_type, entity_id, previous, data)
    values (tenant, entity_type || '.' || verb, entity_type, entity_id, previous, data);
    return;
  end if;

  before := split_part(noted.type, '.', 2);
  if before in ('created', 'joined') then
    if verb not in ('deleted', 'removed') then
      return; -- What is new is told as it is when the transaction ends.
    end if;
    -- Nobody else ever saw it.
    delete from private.events e where e.tenant_id = tenant and e.id = noted.id;
    return;
  end if;
  update private.events e
  set type = note_event.entity_type || '.' || case
        when verb not in ('updated', 'status_changed') then verb
        when before = 'updated' then verb
        else before
      end,
      -- What a field held first is what counts; of an order's lines, each line.
      previous = coalesce(note_event.previous, '{}') || coalesce(e.previous, '{}')
        || case when note_event.previous ? 'items' and e.previous ? 'items'
          then jsonb_build_object('items', e.previous -> 'items' || (
            select coalesce(jsonb_agg(line), '[]') from jsonb_array_elements(note_event.previous -> 'items') as line
            where not e.previous -> 'items' @> jsonb_build_array(jsonb_build_object('id', line -> 'id'))))
          else '{}' end,
      data = note_event.data, complete = false
  where e.tenant_id = tenant and e.id = noted.id;
end
$$;
comment on function private.note_event is
  'Notes what the present transaction does to a record, into the one event that it has in this transaction.';

create function private.event_data(tenant uuid, kind text, record uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set timezone = 'UTC'
as $$
begin
  case kind
    when 'order' then
      return (select d.document from private.order_documents d where d.tenant_id = tenant and d.id = record);
    when 'customer' then
      return (select d.document from private.customer_documents d where d.tenant_id = tenant and d.id = record);
    when 'product' then
      return (select d.document from private.product_documents d where d.tenant_id = tenant and d.id = record);
    when 'attachment' then
      return (select d.document from private.attachment_documents d where d.tenant_id = tenant and d.id = record);
    when 'export' then
      return (select d.document from private.export_documents d where d.tenant_id = tenant and d.id = record);
    when 'member' then
      return (
        select json_build_object(
          'user_id', m.user_id, 'email', p.email, 'name', p.name, 'role', m.role, 'joined_at', m.created_at)
        from public.memberships m left join public.people p on p.id = m.user_id
        where m.tenant_id = tenant and m.user_id = record);
  end case;
end
$$;
comment on function private.event_data is 'A record as its GET gives it.';

-- What counts as an event -----------------------------------------------------------------------------------

create function private.changed_fields(before jsonb, after jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_object_agg(key, value) from jsonb_each(before)
  where value is distinct from after -> key
    and key not in ('version', 'created_by', 'updated_at', 'deleted_at', 'sequence')
$$;
comment on function private.changed_fields is 'The fields that changed, as they were; null when none did.';

create function private.note_record()
returns trigger
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  kind constant text := tg_argv[0];
  before jsonb;
  previous jsonb;
begin
  if not private.wants_events(new.tenant_id, kind) then
    return null;
  end if;
  if tg_op = 'INSERT' then
    perform private.note_event(new.tenant_id, kind, new.id, 'created');
    return null;
  end if;
  before := to_jsonb(old);
  if new.deleted_at is distinct from old.deleted_at then
    if new.deleted_at is not null then
      perform private.note_event(new.tenant_id, kind, new.id, 'deleted');
    elsif kind = 'order' then
      perform private.note_event(new.tenant_id, kind, new.id, 'restored');
    else -- There is no event of its own for it.
      perform private.note_event(new.tenant_id, kind, new.id, 'updated',
        jsonb_build_object('deleted_at', before -> 'deleted_at'));
    end if;
    return null;
  end if;
  previous := private.changed_fields(before, to_jsonb(new));
  if previous ? 'customer_id' then
    previous := previous - 'customer_id' || jsonb_build_object('customer', (
      select json_build_object('id', c.id, 'name', c.name) from public.customers c
      where c.tenant_id = old.tenant_id and c.id = (before ->> 'customer_id')::uuid));
  end if;
  if previous is not null then
    perform private.note_event(new.tenant_id, kind, new.id,
      case when kind = 'order' and previous ? 'status' then 'status_changed' else 'updated' end, previous);
  end if;
  return null;
end
$$;
comment on function private.note_record is 'AFTER a change of an order, customer or product. Argument: what it is.';
create trigger event after insert or update on public.orders
  for each row execute function private.note_record('order');
create trigger event after insert or update on public.customers
  for each row execute function private.note_record('customer');
create trigger event after insert or update on public.products
  for each row execute function private.note_record('product');

create function private.note_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.wants_events(old.tenant_id, tg_argv[0]) then
    perform private.note_event(old.tenant_id, tg_argv[0], old.id, 'deleted',
      data => private.event_data(old.tenant_id, tg_argv[0], old.id));
  end if;
  return old;
end
$$;
comment on function private.note_deletion is
  'BEFORE DELETE, while it can still be shown. Only of what is live: from the trash it was told before.';
create trigger event_deleted before delete on public.orders
  for each row when (old.deleted_at is null) execute function private.note_deletion('order');
create trigger event_deleted before delete on public.customers
  for each row when (old.deleted_at is null) execute function private.note_deletion('customer');
create trigger event_deleted before delete on public.products
  for each row when (old.deleted_at is null) execute function private.note_deletion('product');

-- An order's lines: for each statement, because that is how they are written.

create function private.line_document(i public.order_items)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', i.id, 'position', i.position, 'product_id', i.product_id, 'sku', i.sku, 'name', i.name,
    'quantity', i.quantity, 'unit_price', i.unit_price, 'discount_percent', i.discount_percent,
    'tax_rate', i.tax_rate, 'attributes', i.attributes, 'line_total', i.line_total)
$$;
comment on function private.line_document is 'A line as an order shows it.';

create function private.note_lines(tenant uuid, order_id uuid, lines jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Of an order that is gone itself everything is told already.
  if private.wants_events(tenant, 'order') and exists (
    select from public.orders o where o.tenant_id = tenant and o.id = note_lines.order_id)
  then
    perform private.note_event(tenant, 'order', order_id, 'updated', jsonb_build_object('items', lines));
  end if;
end
$$;

create function private.note_items()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform private.note_lines(i.tenant_id, i.order_id, '[]')
    from (select distinct tenant_id, order_id from added) as i;
  elsif tg_op = 'DELETE' then
    perform private.note_lines(i.tenant_id, i.order_id, i.lines)
    from (
      select g.tenant_id, g.order_id, jsonb_agg(private.line_document(g) order by g.position) as lines
      from gone g group by g.tenant_id, g.order_id) as i;
  else
    perform private.note_lines(i.tenant_id, i.order_id, i.lines)
    from (
      select b.tenant_id, b.order_id, jsonb_agg(private.line_document(b) order by b.position) as lines
      from before b join after a on a.tenant_id = b.tenant_id and a.id = b.id
      where private.line_document(a) <> private.line_document(b)
      group by b.tenant_id, b.order_id) as i;
  end if;
  return null;
end
$$;
comment on function private.note_items is 'AFTER a statement on lines: those changed or removed, as they were, are what their orders held.';
create trigger event_added after insert on public.order_items
  referencing new table as added for each statement execute function private.note_items();
create trigger event_changed after update on public.order_items
  referencing old table as before new table as after for each statement execute function private.note_items();
create trigger event_gone after delete on public.order_items
  referencing old table as gone for each statement execute function private.note_items();

create function private.note_file()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.wants_events(new.tenant_id, 'attachment') then
    perform private.note_event(new.tenant_id, 'attachment', new.id, 'ready');
  end if;
  return null;
end
$$;
create trigger event_made after insert on public.attachments
  for each row when (new.status = 'ready') execute function private.note_file();
create trigger event_ready after update of status on public.attachments
  for each row when (new.status = 'ready' and old.status <> 'ready') execute function private.note_file();

create function private.note_export()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.wants_events(new.tenant_id, 'export') then
    perform private.note_event(new.tenant_id, 'export', new.id, new.status::text);
  end if;
  return null;
end
$$;
create trigger event after update of status on public.exports
  for each row when (new.status in ('succeeded', 'failed') and old.status <> new.status)
  execute function private.note_export();

create function private.note_member()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    if private.wants_events(new.tenant_id, 'member') then
      perform private.note_event(new.tenant_id, 'member', new.user_id, 'joined');
    end if;
    return null;
  end if;
  if private.wants_events(old.tenant_id, 'member') then
    perform private.note_event(old.tenant_id, 'member', old.user_id, 'removed',
      data => private.event_data(old.tenant_id, 'member', old.user_id));
  end if;
  return old;
end
$$;
create trigger event_joined after insert on public.memberships
  for each row execute function private.note_member();
-- After guard_membership, which may refuse.
create trigger remove_event before delete on public.memberships
  for each row execute function private.note_member();

-- The end of the transaction ----------------------------------------------------------------------------------

create function private.net_previous(previous jsonb, data jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(key, case
    when key = 'items' then (
      select coalesce(jsonb_agg(line), '[]') from jsonb_array_elements(value) as line
      where not data -> 'items' @> jsonb_build_array(line))
    else value end), '{}')
  from jsonb_each(previous) where key = 'items' or value is distinct from data -> key
$$;
comment on function private.net_previous is 'Of what fields held before, what they do not hold now.';

create function private.complete_event()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  noted private.events;
  asked constant text := coalesce(current_setting('kontor.fan_out', true), '');
begin
  select e.* into noted from private.events e
  where e.tenant_id = new.tenant_id and e.id = new.id and not e.complete;
  if not found then
    return null;
  end if;
  if noted.data is null then
    noted.data := private.event_data(noted.tenant_id, noted.entity_type, noted.entity_id);
  end if;
  noted.previous := case when split_part(noted.type, '.', 2) in ('updated', 'status_changed')
    then private.net_previous(noted.previous, noted.data) end;
  if noted.data is null or (noted.type like '%.updated' and noted.previous = '{}') then
    delete from private.events e where e.tenant_id = noted.tenant_id and e.id = noted.id;
    return null;
  end if;
  update private.events e
  set data = noted.data, previous = noted.previous, complete = true
  where e.tenant_id = noted.tenant_id and e.id = noted.id;
  -- One job tells all that a transaction did in a tenant.
  if position(noted.tenant_id::text in asked) = 0 then
    perform set_config('kontor.fan_out', asked || ' ' || noted.tenant_id, true);
    perform private.enqueue(noted.tenant_id, 'fan_out_events', '{}');
  end if;
  return null;
end
$$;
comment on function private.complete_event is 'At the end of the transaction: what the record is now, and the job that tells it.';
create constraint trigger complete_event after insert or update of complete on private.events
  deferrable initially deferred for each row when (not new.complete)
  execute function private.complete_event();

-- Deliveries ------------------------------------------------------------------------------------------------

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
create index webhook_deliveries_due_idx on public.webhook_deliveries (tenant_id, webhook_id, next_attempt_at)
  where status = 'pending';
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

-- What admins do with endpoints. In private, for the functions make and seal the secrets -------------------

create view private.webhook_documents with (security_invoker) as
select
  w.tenant_id, w.id, w.version,
  json_build_object(
    'id', w.id, 'url', w.url, 'events', w.events, 'description', w.description, 'active', w.active,
    'disabled_reason', w.disabled_reason, 'created_at', w.created_at,
    'last_success_at', w.last_success_at, 'last_failure_at', w.last_failure_at,
    'failing_since', w.failing_since, 'secret_rotated_at', w.secret_rotated_at,
    'version', w.version) as document
from public.webhooks w;
comment on view private.webhook_documents is 'An endpoint as every answer shows it.';
grant select on private.webhook_documents to authenticated;

create function private.require_webhook(tenant uuid, id uuid)
returns public.webhooks
language plpgsql
security definer
set search_path = ''
as $$
declare
  present public.webhooks;
begin
  select w.* into present from public.webhooks w
  where w.tenant_id = tenant and w.id = require_webhook.id for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such webhook.');
  end if;
  return present;
end
$$;

create function private.list_webhooks(page_size int, before uuid)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  return json_build_object(
    'count', (select count(*) from public.webhooks w where w.tenant_id = tenant),
    'data', (
      select coalesce(json_agg(s.document order by s.id desc), '[]') from (
        select d.id, d.document from private.webhook_documents d
        where d.tenant_id = tenant and (before is null or d.id < before)
        order by d.id desc limit least(greatest(page_size, 1), 200) + 1) as s));
end
$$;

create function private.create_webhook(payload jsonb, sealed_secret text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  made uuid;
begin
  perform private.refuse_unknown_keys(payload, array['url', 'events', 'description', 'active']);
  perform from public.tenants t where t.id = tenant for no key update;
  if (select count(*) from public.webhooks w where w.tenant_id = tenant) >= 50 then
    perform private.refuse(409, 'conflict', 'A tenant has at most 50 webhooks.');
  end if;
  insert into public.webhooks (tenant_id, url, events, description, active)
  values (
    tenant, payload ->> 'url', array(select jsonb_array_elements_text(payload -> 'events')),
    payload ->> 'description', coalesce((payload ->> 'active')::boolean, true))
  returning id into made;
  insert into private.webhook_secrets (tenant_id, webhook_id, sealed_secret) values (tenant, made, sealed_secret);
  return (select d.document from private.webhook_documents d where d.tenant_id = tenant and d.id = made);
end
$$;

create function private.update_webhook(id uuid, patch jsonb, expected_version int)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  present public.webhooks;
begin
  perform private.refuse_unknown_keys(patch, array['url', 'events', 'description', 'active']);
  present := private.require_webhook(tenant, update_webhook.id);
  perform private.matches_version(present.version, expected_version);
  present := jsonb_populate_record(present, patch);
  update public.webhooks w
  set url = present.url, events = present.events, description = present.description, active = present.active,
    version = w.version + 1,
    -- Turned on again, or sent elsewhere, it begins with a clean slate.
    disabled_reason = case when present.active then null else w.disabled_reason end,
    failing_since = case when present.active and (not w.active or present.url <> w.url) then null else w.failing_since end,
    failures = case when present.active and (not w.active or present.url <> w.url) then 0 else w.failures end,
    retry_at = case when present.active and (not w.active or present.url <> w.url) then null else w.retry_at end
  where w.tenant_id = tenant and w.id = update_webhook.id;
  perform private.schedule_deliveries(tenant, update_webhook.id);
  return (
    select d.document from private.webhook_documents d where d.tenant_id = tenant and d.id = update_webhook.id);
end
$$;

create function private.delete_webhook(id uuid, expected_version int)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.matches_version(
    (private.require_webhook(tenant, delete_webhook.id)).version, expected_version);
  delete from public.webhooks w where w.tenant_id = tenant and w.id = delete_webhook.id;
end
$$;

create function private.rotate_webhook(id uuid, sealed_secret text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.require_webhook(tenant, rotate_webhook.id);
  -- Of several in one day the last but one is the oldest that signs: headers have an end.
  delete from private.webhook_secrets s
  where s.tenant_id = tenant and s.webhook_id = rotate_webhook.id and s.valid_until is not null;
  update private.webhook_secrets s set valid_until = now() + interval '24 hours'
  where s.tenant_id = tenant and s.webhook_id = rotate_webhook.id;
  insert into private.webhook_secrets (tenant_id, webhook_id, sealed_secret)
  values (tenant, rotate_webhook.id, rotate_webhook.sealed_secret);
  update public.webhooks w set secret_rotated_at = now(), version = w.version + 1
  where w.tenant_id = tenant and w.id = rotate_webhook.id;
  return (
    select d.document from private.webhook_documents d where d.tenant_id = tenant and d.id = rotate_webhook.id);
end
$$;

create function private.delivery_document(d public.webhook_deliveries)
returns json
language sql
stable
set search_path = ''
as $$
  select json_build_object(
    'id', d.id, 'webhook_id', d.webhook_id, 'event_id', d.event_id, 'event_type', d.event_type,
    'entity_type', d.entity_type, 'entity_id', d.entity_id, 'status', d.status,
    'attempt_count', d.attempt_count, 'next_attempt_at', d.next_attempt_at,
    'response_status', d.response_status, 'error', d.error, 'created_at', d.created_at,
    'finished_at', d.finished_at)
$$;
comment on function private.delivery_document is 'A delivery as lists show it.';

create function private.test_webhook(id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  present public.webhooks := private.require_webhook(tenant, test_webhook.id);
  event private.events;
  made public.webhook_deliveries;
begin
  if not present.active then
    perform private.refuse(409, 'conflict', 'This webhook is turned off. Turn it on to test it.');
  end if;
  event.id := private.uuid_v7();
  -- About itself, so that tests of one webhook wait for nothing but each other.
  insert into private.events (tenant_id, id, type, entity_type, entity_id, data, complete, fanned_out)
  values (
    tenant, event.id, 'webhook.test', 'webhook', event.id,
    (select d.document from private.webhook_documents d where d.tenant_id = tenant and d.id = present.id),
    true, true)
  returning * into event;
  insert into public.webhook_deliveries as d (
    tenant_id, webhook_id, event_id, event_type, entity_type, entity_id, sequence, next_attempt_at)
  -- Somebody waits for this one: it comes before all that is due.
  values (tenant, present.id, event.id, event.type, 'webhook', present.id, event.sequence,
    now() - interval '1 day')
  returning d.* into made;
  update public.webhooks w set retry_at = null where w.tenant_id = tenant and w.id = present.id;
  perform private.schedule_deliveries(tenant, present.id);
  return private.delivery_document(made);
end
$$;

create function private.list_deliveries(webhook uuid, status text, page_size int, before uuid)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  if not exists (select from public.webhooks w where w.tenant_id = tenant and w.id = webhook) then
    perform private.refuse(404, 'not_found', 'There is no such webhook.');
  end if;
  return json_build_object(
    'count', (
      select count(*) from (
        select from public.webhook_deliveries d
        where d.tenant_id = tenant and d.webhook_id = webhook
          and (list_deliveries.status is null or d.status::text = list_deliveries.status)
        limit 10001) as counted),
    'data', (
      select coalesce(json_agg(private.delivery_document(s) order by s.id desc), '[]') from (
        select d.* from public.webhook_deliveries d
        where d.tenant_id = tenant and d.webhook_id = webhook and (before is null or d.id < before)
          and (list_deliveries.status is null or d.status::text = list_deliveries.status)
        order by d.id desc limit least(greatest(page_size, 1), 200) + 1) as s));
end
$$;

create function private.require_delivery(tenant uuid, id uuid)
returns public.webhook_deliveries
language plpgsql
security definer
set search_path = ''
as $$
declare
  present public.webhook_deliveries;
begin
  select d.* into present from public.webhook_deliveries d
  where d.tenant_id = tenant and d.id = require_delivery.id;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such delivery.');
  end if;
  return present;
end
$$;

create function private.show_delivery(id uuid)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  present public.webhook_deliveries := private.require_delivery(tenant, show_delivery.id);
begin
  return (
    select (private.delivery_document(present)::jsonb || jsonb_build_object(
      'request_body', private.event_body(e),
      'attempts', (
        select coalesce(jsonb_agg(jsonb_build_object(
          'at', a.at, 'duration_ms', a.duration_ms, 'error', a.error,
          'request', jsonb_build_object('url', a.url, 'headers', a.request_headers),
          'response', case when a.response_status is not null then jsonb_build_object(
            'status', a.response_status, 'headers', a.response_headers, 'body', a.response_body) end)
          order by a.id desc), '[]')
        from (
          select * from public.webhook_attempts a
          where a.tenant_id = tenant and a.delivery_id = present.id order by a.id desc limit 50) as a)))::json
    from private.events e where e.tenant_id = tenant and e.id = present.event_id);
end
$$;

create function private.replay(tenant uuid, webhook uuid, single uuid, since timestamptz)
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  replayed int;
begin
  if not (private.require_webhook(tenant, webhook)).active then
    perform private.refuse(409, 'conflict', 'This webhook is turned off. Turn it on first.');
  end if;
  update public.webhook_deliveries d
  set status = 'pending', tries = 0, next_attempt_at = now(), finished_at = null
  where d.tenant_id = tenant and d.webhook_id = webhook
    and (d.id = single or (single is null and d.status = 'failed' and d.created_at >= since));
  get diagnostics replayed = row_count;
  update public.webhooks w set retry_at = null where w.tenant_id = tenant and w.id = webhook;
  perform private.schedule_deliveries(tenant, webhook);
  return replayed;
end
$$;
comment on function private.replay is 'Has one delivery sent again, or all failed ones since a time, under the webhook-id they had.';

create function private.replay_delivery(id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.replay(tenant, (private.require_delivery(tenant, replay_delivery.id)).webhook_id,
    replay_delivery.id, null);
  return private.delivery_document(private.require_delivery(tenant, replay_delivery.id));
end
$$;

create function private.replay_failed(webhook uuid, since timestamptz)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  return json_build_object('replayed', private.replay(private.require_role('admin'), webhook, null, since));
end
$$;

grant execute on function private.list_webhooks, private.create_webhook, private.update_webhook,
  private.delete_webhook, private.rotate_webhook, private.test_webhook, private.list_deliveries,
  private.show_delivery, private.replay_delivery, private.replay_failed
  to authenticated;
