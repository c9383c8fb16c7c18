-- Events: which changes of a tenant's records are told, and what is told of them at the end of their
-- transaction. 70_webhooks holds the outbox they are noted in.

-- What counts as an event -----------------------------------------------------------------------------------

create function private.changed_fields(before jsonb, after jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select jsonb_object_agg(key, value) from jsonb_each(before)
    where value is distinct from after -> key
      and key not in ('version', 'created_by', 'updated_at', 'deleted_at', 'sequence'));
end
$$;
comment on function private.changed_fields is 'The fields that changed, as they were; null when none did.';

create function private.is_told_as_new(tenant uuid, kind text, record uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (
    select from private.events e
    where e.tenant_id = tenant and e.entity_type = kind and e.entity_id = record
      and e.xact = pg_current_xact_id() and e.created_at = now() and e.type = kind || '.created');
end
$$;
comment on function private.is_told_as_new is
  'Whether the present transaction made a record, and so tells of it as it is at the end: what changes meanwhile is no news.';

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
  if new.created_at = now() and private.is_told_as_new(new.tenant_id, kind, new.id) then
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
  if not private.is_told_as_new(tenant, 'order', order_id)
    and private.wants_events(tenant, 'order') and exists (
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
