-- Exports: files made of lists by a task, kept for seven days.

create type public.export_status as enum ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired');

create table public.exports (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  entity text not null check (entity in ('orders', 'customers', 'products')),
  format text not null check (format in ('csv', 'xlsx', 'pdf')),
  rows text not null default 'orders' check (rows in ('orders', 'items')),
  query jsonb not null default '{}',
  columns text[],
  status public.export_status not null default 'queued',
  done bigint not null default 0,
  total bigint,
  file_name text not null,
  byte_size bigint,
  object_key text,
  error text,
  cancel_requested boolean not null default false,
  requested_by uuid not null references public.people (id) on delete cascade,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  expires_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.exports is 'Files made of lists, by a task. Requested by rpc request_export; kept for 7 days.';
comment on column public.exports.query is 'The list''s filters, search and sort, as they were validated.';
create index exports_created_at_idx on public.exports (tenant_id, created_at desc, id desc);
create index exports_expires_at_idx on public.exports (expires_at) where status = 'succeeded';

alter table public.exports enable row level security;
alter table public.exports force row level security;
grant select (tenant_id, id, entity, format, rows, query, columns, status, done, total, file_name,
  byte_size, error, requested_by, created_at, finished_at, expires_at)
  on public.exports to authenticated, service_role;
create policy "members who write see their tenant's exports"
  on public.exports for select to authenticated
  using (tenant_id = (select private.current_tenant('member', 'exports')));

create view private.export_documents with (security_invoker) as
select
  e.tenant_id, e.id, e.created_at, e.status,
  json_build_object(
    'id', e.id, 'entity', e.entity, 'rows', e.rows, 'format', e.format, 'status', e.status,
    'progress', json_build_object('done', e.done, 'total', e.total), 'file_name', e.file_name,
    'byte_size', e.byte_size, 'error', e.error, 'requested_by', e.requested_by,
    'created_at', e.created_at, 'finished_at', e.finished_at, 'expires_at', e.expires_at) as document
from public.exports e;
comment on view private.export_documents is 'An export as every answer shows it; the download''s address is added by the functions.';
grant select on private.export_documents to authenticated, service_role;

create function private.tell_export()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.tell(new.tenant_id, jsonb_build_object(
    'kind', 'export', 'id', new.id, 'status', new.status,
    'progress', jsonb_build_object('done', new.done, 'total', new.total)));
  return null;
end
$$;
comment on function private.tell_export is 'AFTER every change: how far it is. Progress is written once a second at most.';
create trigger tell_export after insert or update on public.exports
  for each row execute function private.tell_export();

create trigger delete_object after delete on public.exports
  for each row execute function private.delete_object();

create function public.request_export(payload jsonb)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'exports');
  made public.exports;
  stamp text;
begin
  perform private.refuse_unknown_keys(payload, array['entity', 'format', 'rows', 'query', 'columns']);
  -- The task reads as the person, so a key's scopes are looked at here.
  perform private.require_role('viewer', payload ->> 'entity');
  if (select count(*) from public.exports e
      where e.tenant_id = tenant and e.status in ('queued', 'running')) >= 20
  then
    perform private.refuse(429, 'rate_limited', 'Twenty exports are under way. Wait for one to finish.');
  end if;
  select to_char(now() at time zone t.time_zone, 'YYYY-MM-DD-HH24MI') into stamp
  from public.tenants t where t.id = tenant;

  insert into public.exports (tenant_id, entity, format, rows, query, columns, file_name, requested_by)
  values (
    tenant, payload ->> 'entity', payload ->> 'format', coalesce(payload ->> 'rows', 'orders'),
    coalesce(payload -> 'query', '{}'),
    case when jsonb_typeof(payload -> 'columns') = 'array'
      then array(select jsonb_array_elements_text(payload -> 'columns')) end,
    format('%s-%s.%s',
      case when payload ->> 'rows' = 'items' then 'order-items' else payload ->> 'entity' end,
      stamp, payload ->> 'format'),
    auth.uid())
  returning * into made;
  perform private.enqueue(
    tenant, 'export_records', jsonb_build_object('export_id', made.id),
    job_key => 'export:' || made.id, max_attempts => 4, queue => 'exports:' || tenant);
  return (
    select d.document from private.export_documents d where d.tenant_id = tenant and d.id = made.id);
end
$$;
comment on function public.request_export is
  'Asks for a file of orders, customers or products: {entity, format, rows?, query?, columns?}. At most 20 at once.';
grant execute on function public.request_export to authenticated;

create function public.cancel_export(id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'exports');
  present public.exports;
begin
  select e.* into present from public.exports e
  where e.tenant_id = tenant and e.id = cancel_export.id for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such export.');
  end if;
  if present.status not in ('queued', 'running') then
    perform private.refuse(409, 'conflict', format('This export is %s already.', present.status));
  end if;
  -- One that runs is ended by its task, which looks for this every second.
  update public.exports e
  set cancel_requested = true,
      status = case when e.status = 'queued' then 'cancelled' else e.status end,
      finished_at = case when e.status = 'queued' then now() end
  where e.tenant_id = tenant and e.id = cancel_export.id;
  return (
    select d.document from private.export_documents d
    where d.tenant_id = tenant and d.id = cancel_export.id);
end
$$;
comment on function public.cancel_export is 'Cancels an export that waits or runs; 409 for a finished one.';
grant execute on function public.cancel_export to authenticated;

create function public.retry_export(id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'exports');
begin
  update public.exports e
  set status = 'queued', error = null, done = 0, total = null, finished_at = null, started_at = null,
      cancel_requested = false
  where e.tenant_id = tenant and e.id = retry_export.id and e.status in ('failed', 'cancelled');
  if not found then
    if exists (select from public.exports e where e.tenant_id = tenant and e.id = retry_export.id) then
      perform private.refuse(409, 'conflict', 'Only a failed or cancelled export can be tried again.');
    end if;
    perform private.refuse(404, 'not_found', 'There is no such export.');
  end if;
  perform private.enqueue(
    tenant, 'export_records', jsonb_build_object('export_id', retry_export.id),
    job_key => 'export:' || retry_export.id, max_attempts => 4, queue => 'exports:' || tenant);
  return (
    select d.document from private.export_documents d
    where d.tenant_id = tenant and d.id = retry_export.id);
end
$$;
comment on function public.retry_export is 'Runs a failed or cancelled export again.';
grant execute on function public.retry_export to authenticated;

create function private.export_object_key(tenant uuid, id uuid)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select e.object_key from public.exports e
  where e.tenant_id = tenant and e.id = export_object_key.id and e.status = 'succeeded'
    and e.expires_at > now()
$$;
comment on function private.export_object_key is 'Where a finished export lies, for the functions to sign an address of.';
grant execute on function private.export_object_key to kontor_functions;

-- What the task says of an export --------------------------------------------------------------------------

create function private.begin_export(tenant uuid, id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  started public.exports;
begin
  update public.exports e
  set status = 'running', started_at = now(), done = 0, error = null
  where e.tenant_id = tenant and e.id = begin_export.id and e.status in ('queued', 'running')
    and not e.cancel_requested
  returning e.* into started;
  if not found then
    update public.exports e set status = 'cancelled', finished_at = now()
    where e.tenant_id = tenant and e.id = begin_export.id and e.status in ('queued', 'running');
    return null;
  end if;
  return (
    select json_build_object(
      'id', started.id, 'entity', started.entity, 'format', started.format, 'rows', started.rows,
      'query', started.query, 'columns', started.columns, 'file_name', started.file_name,
      'requested_by', started.requested_by, 'tenant', json_build_object(
        'id', t.id, 'name', t.name, 'currency', t.currency, 'time_zone', t.time_zone, 'locale', t.locale))
    from public.tenants t where t.id = tenant and t.deleted_at is null);
end
$$;
comment on function private.begin_export is 'Marks an export as running and answers what to make; null when it is not wanted any more.';

create function private.report_export(tenant uuid, id uuid, done bigint, total bigint)
returns boolean
language sql
security definer
set search_path = ''
as $$
  update public.exports e set done = report_export.done, total = report_export.total
  where e.tenant_id = tenant and e.id = report_export.id and e.status = 'running'
  returning not e.cancel_requested
$$;
comment on function private.report_export is 'Records progress; false or null: stop, somebody cancelled.';

create function private.finish_export(
  tenant uuid, id uuid, status public.export_status,
  object_key text default null, byte_size bigint default null, error text default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  ended public.exports;
begin
  update public.exports e
  set status = finish_export.status, object_key = finish_export.object_key,
      byte_size = finish_export.byte_size, error = left(finish_export.error, 1000),
      finished_at = now(),
      expires_at = case when finish_export.status = 'succeeded' then now() + interval '7 days' end
  where e.tenant_id = tenant and e.id = finish_export.id and e.status = 'running'
  returning e.* into ended;
  -- Nobody watches a progress bar for so long: they are told. Less often than mails are limited.
  if ended.status = 'succeeded' and ended.finished_at - ended.created_at > interval '30 seconds'
    and private.mails_left(tenant) > 0
  then
    perform private.enqueue_email(
      tenant, 'export_ready', p.email, jsonb_build_object('export_id', ended.id), ended.requested_by)
    from public.people p where p.id = ended.requested_by;
  end if;
end
$$;
comment on function private.finish_export is 'Ends a running export: succeeded, failed or cancelled.';

create function private.postpone_export(tenant uuid, id uuid, error text)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.exports e
  set status = case when e.cancel_requested then 'cancelled' else 'queued' end::public.export_status,
      finished_at = case when e.cancel_requested then now() end,
      error = case when not e.cancel_requested then left(postpone_export.error, 1000) end
  where e.tenant_id = tenant and e.id = postpone_export.id and e.status = 'running'
$$;
comment on function private.postpone_export is
  'Has an export wait that failed and is tried again by itself, and says why; one that was cancelled ends.';

create function private.expire_exports()
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  expired int;
begin
  -- Their jobs are gone or have no attempt left: each worker died before it could say why.
  update public.exports e
  set status = case when e.cancel_requested then 'cancelled' else 'failed' end::public.export_status,
      error = case when not e.cancel_requested then 'It was interrupted too often.' end,
      finished_at = now()
  where e.status in ('queued', 'running') and not exists (
    select from graphile_worker._private_jobs j
    where j.key = 'export:' || e.id and (j.locked_at is not null or j.attempts < j.max_attempts));

  with gone as (
    update public.exports e set status = 'expired', object_key = null
    from public.exports before
    where before.tenant_id = e.tenant_id and before.id = e.id
      and e.status = 'succeeded' and e.expires_at <= now()
    returning e.tenant_id, before.object_key
  )
  select count(private.enqueue(g.tenant_id, 'delete_object', jsonb_build_object('object_key', g.object_key)))
  into expired from gone g;
  return expired;
end
$$;
comment on function private.expire_exports is 'Expires exports after their seven days and has their files deleted; ends those that no job works on.';

grant execute on function private.begin_export, private.report_export, private.finish_export,
  private.postpone_export, private.expire_exports to kontor_worker;
