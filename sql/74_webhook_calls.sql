-- What admins do with webhooks. In private, not for PostgREST: the functions make and seal the secrets.

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
