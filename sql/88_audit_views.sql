-- Audit: what people see of it. Admins the entries, readers of a record its history.

-- The log as its admins see it --------------------------------------------------------------------------

create function private.person_email(id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (select p.email from public.people p where p.id = person_email.id);
end
$$;
comment on function private.person_email is 'The address of whom a log names, who may have left the tenant since.';
grant execute on function private.person_email to authenticated;

create view private.audit_documents with (security_invoker) as
select
  e.tenant_id, e.id, e.at, e.entity_type, e.entity_id, e.actor_id, e.action,
  e.id as moment, null::timestamptz as deleted_at,
  json_build_object(
    'id', e.id, 'at', e.at,
    'actor', json_build_object('kind', e.actor_kind, 'id', e.actor_id,
      'email', case when e.actor_kind = 'user' then private.person_email(e.actor_id::uuid) end),
    'action', e.action, 'entity_type', e.entity_type, 'entity_id', e.entity_id, 'changes', e.changes,
    'ip', host(e.ip), 'user_agent', e.user_agent, 'request_id', e.request_id, 'metadata', e.metadata) as document
from audit.entries e;
comment on view private.audit_documents is 'An entry as every answer shows it.';
comment on column private.audit_documents.moment is 'The id, by which the log is sorted: ordered by time, and unlike times all different.';
grant select on private.audit_documents to authenticated;

-- A record's history, as its readers may see it ---------------------------------------------------------

create function private.timeline_kind(e audit.entries)
returns text
language sql
immutable
set search_path = ''
as $$
  select case e.entity_type
    when 'order_item' then case e.action
      when 'create' then 'item_added' when 'delete' then 'item_removed' else 'item_changed' end
    when 'attachment' then case
      when e.action = 'update' and e.changes #>> '{status,1}' = 'ready' then 'file_added'
      when e.action = 'delete' and e.changes #>> '{status,0}' = 'ready' then 'file_removed' end
    when 'email' then case e.changes #>> '{status,1}' when 'sent' then 'mailed' when 'failed' then 'mail_failed' end
    when 'document' then 'document_made'
    when 'audit_values' then 'erased'
    else case e.action
      when 'create' then 'created' when 'delete' then 'deleted' when 'restore' then 'restored'
      when 'update' then case when e.changes ? 'status' then 'status_changed' else 'updated' end end
  end
$$;
comment on function private.timeline_kind is 'What an entry is in a record''s history; null when it is nothing that its readers care for.';

create function private.delivery_events(tenant uuid, about text, record uuid)
returns table (id uuid, event json)
language sql
stable
set search_path = ''
as $$
  select
    case when told.finished_at is null then told.id else private.first_uuid_v7(told.finished_at) end,
    json_build_object(
      'at', coalesce(told.finished_at, told.created_at),
      'kind', case told.status
        when 'succeeded' then 'webhook_delivered' when 'failed' then 'webhook_failed' else 'webhook_waiting' end,
      'actor', json_build_object('kind', 'system', 'id', 'kontor_worker'),
      'summary', format(
        case told.status
          when 'succeeded' then 'Webhook %s delivered to %s'
          when 'failed' then 'Webhook %s could not be delivered to %s'
          else 'Webhook %s is to be delivered to %s' end,
        told.event_type, told.receiver))
  from (
    select d.*, substring(w.url from '^https?://([^/?#]+)') as receiver
    from private.events e
    join public.webhook_deliveries d on d.tenant_id = e.tenant_id and d.event_id = e.id
    join public.webhooks w on w.tenant_id = d.tenant_id and w.id = d.webhook_id
    where e.tenant_id = tenant and e.entity_type = about and e.entity_id = record
    order by d.id desc limit 1000) as told
$$;
comment on function private.delivery_events is
  'What was told of a record to webhooks, or is to be: as its history shows it, and ids that sort with those of entries.';

create function public.record_timeline(entity_type text, entity_id uuid)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  about constant text := record_timeline.entity_type;
  tenant uuid;
begin
  if coalesce(about, '') not in ('order', 'customer', 'product') then
    perform private.refuse(422, 'validation_failed', 'order, customer or product.', 'entity_type');
  end if;
  tenant := private.require_role('viewer', about || 's');
  if not exists (
    select from public.orders r
    where about = 'order' and r.tenant_id = tenant and r.id = record_timeline.entity_id
    union all
    select from public.customers r
    where about = 'customer' and r.tenant_id = tenant and r.id = record_timeline.entity_id
    union all
    select from public.products r
    where about = 'product' and r.tenant_id = tenant and r.id = record_timeline.entity_id)
  then
    perform private.refuse(404, 'not_found', format('There is no such %s.', about));
  end if;
  return (
    with own as (
      (select * from audit.entries e
        where e.tenant_id = tenant and e.entity_type = about and e.entity_id = record_timeline.entity_id::text
        order by e.id desc limit 1000)
      union all
      (select * from audit.entries e
        where e.tenant_id = tenant and e.metadata ? 'of'
          and e.metadata ->> 'of' = about || ':' || record_timeline.entity_id
          and (e.entity_type, e.entity_id) <> (about, record_timeline.entity_id::text)
        order by e.id desc limit 1000)
    ), told as (
      select e.at, e.entity_type, e.actor_kind, e.actor_id, e.metadata, e.changes, e.id, e.entity_id,
        private.timeline_kind(e::audit.entries) as kind,
        min(e.at) filter (where e.entity_type = about and e.action = 'create') over () as created_at,
        bool_or(e.entity_type = 'order_item') over (partition by e.at) as with_items
      from own e
    ), events as (
      -- What one transaction did to many items is one event.
      select t.at, t.kind, t.actor_kind, t.actor_id, t.entity_type, count(*) as entries,
        (max(t.id::text))::uuid as id, (array_agg(t.changes order by t.id desc))[1] as changes,
        (array_agg(t.metadata order by t.id desc))[1] as metadata, max(t.entity_id) as entity_id
      from told t
      where t.kind is not null
        -- Items arrive right behind their new order: to its readers that is one event.
        and (t.at is distinct from t.created_at or t.kind = 'created')
        -- What follows from them goes without saying.
        and not (t.kind = 'updated' and t.with_items
          and t.changes - array['subtotal', 'discount_total', 'tax_total', 'total'] = '{}')
      group by t.at, t.kind, t.actor_kind, t.actor_id, t.entity_type,
        case when t.entity_type = 'order_item' then null else t.id end
    )
    select coalesce(json_agg(s.event order by s.id desc), '[]') from (
    select v.id, json_build_object(
      'at', v.at, 'kind', v.kind,
      'actor', json_build_object('kind', v.actor_kind, 'id', v.actor_id, 'email', p.email, 'name', p.name),
      'summary', case v.kind
        when 'created' then case v.entity_type when 'order' then 'Order placed' else 'Created' end
        when 'deleted' then 'Moved to the trash'
        when 'restored' then 'Restored from the trash'
        when 'status_changed' then format('Status changed from %s to %s', v.changes #>> '{status,0}', v.changes #>> '{status,1}')
        when 'item_added' then case v.entries when 1 then format('Added %s × %s', v.changes #>> '{quantity,1}', v.changes #>> '{name,1}')
          else format('Added %s items', v.entries) end
        when 'item_removed' then case v.entries when 1 then format('Removed %s × %s', v.changes #>> '{quantity,0}', v.changes #>> '{name,0}')
          else format('Removed %s items', v.entries) end
        when 'item_changed' then case v.entries when 1 then format('Changed %s', coalesce(
            (select i.name from public.order_items i where i.tenant_id = tenant and i.id = v.entity_id::uuid), 'an item'))
          else format('Changed %s items', v.entries) end
        when 'file_added' then coalesce('File added: ' || (
          select a.file_name from public.attachments a where a.tenant_id = tenant and a.id = v.entity_id::uuid), 'File added')
        when 'file_removed' then coalesce('File removed: ' || (v.changes #>> '{file_name,0}'), 'File removed')
        when 'mailed' then coalesce('Mailed to ' || (
          select m.recipient from public.emails m where m.tenant_id = tenant and m.id = v.entity_id::uuid), 'Mailed')
        when 'mail_failed' then 'A mail could not be sent'
        when 'document_made' then format('Printed: %s', replace(coalesce(v.metadata ->> 'document', 'document'), '_', ' '))
        when 'erased' then 'Values in this history were erased'
        else case
          when v.changes = '{}' then 'Changed'
          else 'Changed ' || (select string_agg(replace(key, '_', ' '), ', ' order by key) from jsonb_object_keys(v.changes) as key)
        end
      end,
      'changes', case when v.entries = 1 and v.kind in ('updated', 'status_changed', 'item_changed')
        then nullif(v.changes, '{}') end,
      'currency', v.metadata ->> 'currency') as event
    from events v
    left join public.people p on p.id = case when v.actor_kind = 'user' then v.actor_id::uuid end
    union all
    select d.id, d.event from private.delivery_events(tenant, about, record_timeline.entity_id) d
    where tenant = private.current_tenant('admin')) as s);
end
$$;
comment on function public.record_timeline is
  'What happened to an order, a customer or a product, with its items, files, mails and documents, to admins with what webhooks were told, newest first: {at, kind, actor, summary, changes, currency}.';
grant execute on function public.record_timeline to authenticated;
