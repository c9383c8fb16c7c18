-- What callers do with orders: how one is shown, written in one step, and found. The rules are in
-- 40_orders; nothing here repeats one.

-- The order as every answer shows it ------------------------------------------------------------------

create view private.order_documents with (security_invoker) as
select
  o.tenant_id, o.id, o.number, o.sequence, o.status, o.currency, o.customer_id,
  c.name as customer_name, o.placed_at, o.total, o.created_at, o.updated_at, o.version, o.deleted_at,
  json_build_object(
    'id', o.id, 'number', o.number, 'status', o.status, 'currency', o.currency,
    'customer', case when c.id is not null then json_build_object('id', c.id, 'name', c.name) end,
    'placed_at', o.placed_at, 'notes', o.notes, 'subtotal', o.subtotal,
    'discount_total', o.discount_total, 'tax_total', o.tax_total,
    'shipping_total', o.shipping_total, 'total', o.total, 'custom', o.custom,
    'items', (
      select coalesce(json_agg(json_build_object(
        'id', i.id, 'position', i.position, 'product_id', i.product_id, 'sku', i.sku,
        'name', i.name, 'quantity', i.quantity, 'unit_price', i.unit_price,
        'discount_percent', i.discount_percent, 'tax_rate', i.tax_rate,
        'attributes', i.attributes, 'line_total', i.line_total) order by i.position), '[]')
      from public.order_items i
      where i.tenant_id = o.tenant_id and i.order_id = o.id),
    'version', o.version, 'created_by', o.created_by, 'created_at', o.created_at,
    'updated_at', o.updated_at, 'deleted_at', o.deleted_at) as document
from public.orders o
left join public.customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id;
comment on view private.order_documents is 'An order as every answer shows it, with the columns that lists sort and filter by.';
grant select on private.order_documents to authenticated, service_role;

create function private.order_document(id uuid)
returns json
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select d.document from private.order_documents d
    where d.tenant_id = (select private.current_tenant('viewer', 'orders')) and d.id = order_document.id);
end
$$;
grant execute on function private.order_document to authenticated;

-- Writing a whole order in one call ---------------------------------------------------------------------

create function private.put_items(tenant uuid, target uuid, items jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  wanted int;
begin
  if jsonb_typeof(items) <> 'array' then
    perform private.refuse(422, 'validation_failed', 'Expected a list of items.', 'items');
  end if;
  wanted := jsonb_array_length(items);
  if wanted > 1000 then
    perform private.refuse(422, 'validation_failed', 'An order has at most 1,000 items.', 'items');
  end if;
  perform private.refuse_unknown_keys(
    item.value,
    array['product_id', 'sku', 'name', 'quantity', 'unit_price', 'discount_percent', 'tax_rate', 'attributes'],
    format('items.%s.', item.ordinality - 1))
  from jsonb_array_elements(items) with ordinality as item;

  -- Line by line in place, so that a line that stays keeps its id.
  insert into public.order_items as i (
    tenant_id, order_id, position, product_id, sku, name, quantity, unit_price, discount_percent,
    tax_rate, attributes)
  select
    tenant, target, item.ordinality, line.product_id, line.sku, line.name, line.quantity,
    line.unit_price, coalesce(line.discount_percent, 0), coalesce(line.tax_rate, 0),
    coalesce(line.attributes, '{}')
  from jsonb_array_elements(items) with ordinality as item,
    jsonb_populate_record(null::public.order_items, jsonb_strip_nulls(item.value - 'attributes')
      || jsonb_build_object('attributes', coalesce(nullif(item.value -> 'attributes', 'null'), '{}'))) as line
  order by item.ordinality
  on conflict (tenant_id, order_id, position) do update
    set product_id = excluded.product_id, sku = excluded.sku, name = excluded.name,
        quantity = excluded.quantity, unit_price = excluded.unit_price,
        discount_percent = excluded.discount_percent, tax_rate = excluded.tax_rate,
        attributes = excluded.attributes
    where (i.product_id, i.sku, i.name, i.quantity, i.unit_price, i.discount_percent, i.tax_rate, i.attributes)
      is distinct from (excluded.product_id, excluded.sku, excluded.name, excluded.quantity,
        excluded.unit_price, excluded.discount_percent, excluded.tax_rate, excluded.attributes);

  perform private.drop_items_after(target, wanted);
end
$$;
comment on function private.put_items is 'Makes the items of an order those given, in their order.';

create function private.drop_items_after(target uuid, last int)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.order_items i
  where i.tenant_id = (select private.current_tenant('member', 'orders'))
    and i.order_id = target and i.position > last;
end
$$;
comment on function private.drop_items_after is 'Removes the lines behind a position; callers themselves may not DELETE.';
grant execute on function private.put_items, private.drop_items_after to authenticated;

create function public.create_order(payload jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'orders');
  made uuid;
  input public.orders;
begin
  perform private.refuse_unknown_keys(payload, array[
    'customer_id', 'currency', 'placed_at', 'notes', 'shipping_total', 'custom', 'items']);
  input := jsonb_populate_record(null::public.orders, payload - 'items' - 'custom');
  insert into public.orders (tenant_id, customer_id, currency, placed_at, notes, shipping_total, custom)
  values (
    tenant, input.customer_id, input.currency, coalesce(input.placed_at, now()), input.notes,
    coalesce(input.shipping_total, 0), coalesce(nullif(payload -> 'custom', 'null'), '{}'))
  returning id into made;
  perform private.put_items(tenant, made, coalesce(payload -> 'items', '[]'));
  return private.order_document(made);
end
$$;
comment on function public.create_order is
  'Places an order with its items in one step: {customer_id?, currency?, placed_at?, notes?, shipping_total?, custom?, items}.';
grant execute on function public.create_order to authenticated;

create function public.update_order(order_id uuid, patch jsonb, expected_version int default null)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'orders');
  present public.orders;
  changed public.orders;
begin
  perform private.refuse_unknown_keys(patch, array[
    'customer_id', 'currency', 'placed_at', 'notes', 'shipping_total', 'custom', 'items', 'status']);
  select o.* into present from public.orders o
  where o.tenant_id = tenant and o.id = update_order.order_id for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such order.');
  end if;
  perform private.matches_version(present.version, expected_version);
  if present.deleted_at is not null then
    perform private.refuse(409, 'conflict', 'This order is in the trash. Restore it before changing it.');
  end if;

  changed := jsonb_populate_record(present, patch - 'items' - 'status');
  if changed is distinct from present then
    update public.orders o
    set customer_id = changed.customer_id, currency = changed.currency,
        placed_at = changed.placed_at, notes = changed.notes,
        shipping_total = changed.shipping_total, custom = coalesce(changed.custom, '{}')
    where o.tenant_id = tenant and o.id = update_order.order_id;
  end if;
  if patch ? 'items' then
    perform private.refuse_closed(present.status);
    perform private.put_items(tenant, update_order.order_id, patch -> 'items');
  end if;
  -- Last, so that one request may correct an order and send it off.
  if patch ? 'status' and patch ->> 'status' is distinct from present.status::text then
    update public.orders o set status = (patch ->> 'status')::public.order_status
    where o.tenant_id = tenant and o.id = update_order.order_id;
  end if;
  return private.order_document(update_order.order_id);
end
$$;
comment on function public.update_order is
  'Changes the given fields of an order, its items (all of them) and its status, in one step; 412 when expected_version is not the current one.';
grant execute on function public.update_order to authenticated;
grant execute on function private.refuse_closed, private.is_open to authenticated;

create function public.set_order_status(ids uuid[], status text)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'orders');
  target uuid;
  code text;
  results jsonb := '[]';
begin
  if cardinality(ids) > 500 then
    perform private.refuse(422, 'validation_failed', 'At most 500 orders at once.', 'ids');
  end if;
  -- All at once and in one order: two that move the same orders wait for each other once, not in a ring.
  perform from public.orders o
  where o.tenant_id = tenant and o.id = any (ids) order by o.id for no key update;
  foreach target in array ids loop
    begin
      perform public.update_order(target, jsonb_build_object('status', status));
      results := results || jsonb_build_object('id', target, 'ok', true);
    exception when sqlstate 'PT404' or sqlstate 'PT409' then
      get stacked diagnostics code = message_text;
      results := results || jsonb_build_object('id', target, 'ok', false, 'code', code);
    end;
  end loop;
  return results;
end
$$;
comment on function public.set_order_status is
  'Moves up to 500 orders to a status, each for itself: [{id, ok, code?}].';
grant execute on function public.set_order_status to authenticated;

create function public.duplicate_order(order_id uuid)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'orders');
  original public.orders;
begin
  select o.* into original from public.orders o
  where o.tenant_id = tenant and o.id = duplicate_order.order_id;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such order.');
  end if;
  return public.create_order(jsonb_build_object(
    'customer_id', original.customer_id, 'currency', original.currency, 'notes', original.notes,
    'shipping_total', original.shipping_total, 'custom', original.custom,
    'items', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'product_id', i.product_id, 'sku', i.sku, 'name', i.name, 'quantity', i.quantity,
        'unit_price', i.unit_price, 'discount_percent', i.discount_percent,
        'tax_rate', i.tax_rate, 'attributes', i.attributes) order by i.position), '[]')
      from public.order_items i
      where i.tenant_id = tenant and i.order_id = original.id)));
end
$$;
comment on function public.duplicate_order is 'A new pending order like another: same customer, items and amounts, placed now.';
grant execute on function public.duplicate_order to authenticated;

create function public.trash_order(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('order', 'public.orders', id, true, expected_version);
  return private.order_document(id);
end
$$;
comment on function public.trash_order is 'Moves an order to the trash.';
grant execute on function public.trash_order to authenticated;

create function public.restore_order(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('order', 'public.orders', id, false, expected_version);
  return private.order_document(id);
end
$$;
comment on function public.restore_order is 'Brings an order back from the trash.';
grant execute on function public.restore_order to authenticated;

-- Search ----------------------------------------------------------------------------------------------

create function private.find_orders(q text)
returns table (id uuid, placed_at timestamptz, deleted_at timestamptz)
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
#variable_conflict use_column
declare
  tenant uuid := private.require_role('viewer', 'orders');
  pattern text := private.like_pattern(q);
  -- As an array, for the planner would rather read all orders than believe how few customers match.
  buyers uuid[];
begin
  buyers := array(
    select c.id from public.customers c where c.tenant_id = tenant and c.name ilike pattern);
  return query
    select o.id, o.placed_at, o.deleted_at from public.orders o
    where o.tenant_id = tenant and (o.number ilike pattern or o.notes ilike pattern)
    union
    select o.id, o.placed_at, o.deleted_at from public.orders o
    where o.tenant_id = tenant and o.customer_id = any (buyers);
  if found then
    return;
  end if;

  perform private.allow_one_wrong_letter(q);
  buyers := array(
    select c.id from public.customers c
    where c.tenant_id = tenant and c.name operator(extensions.%>) q);
  return query
    select o.id, o.placed_at, o.deleted_at from public.orders o
    where o.tenant_id = tenant and o.notes operator(extensions.%>) q
    union
    select o.id, o.placed_at, o.deleted_at from public.orders o
    where o.tenant_id = tenant and o.customer_id = any (buyers);
end
$$;
comment on function private.find_orders is
  'The orders whose number, notes or customer''s name contain the text; failing that, whose notes or customer nearly contain it. With what a list needs to pick its page, which an index has.';
grant execute on function private.find_orders to authenticated;

create function public.search_orders(q text)
returns setof uuid
language sql
stable
set search_path = ''
rows 100
as $$
  select found.id from private.find_orders(q) as found
$$;
comment on function public.search_orders is
  'Ids of the orders whose number, notes or customer''s name contain the text; failing that, whose notes or customer nearly contain it.';
grant execute on function public.search_orders to authenticated;
