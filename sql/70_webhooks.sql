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
