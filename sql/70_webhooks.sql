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
