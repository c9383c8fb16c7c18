-- Jobs: what is done after the answer. A job is enqueued in the transaction that causes it, through
-- the functions here and no other way; Graphile Worker runs it. Payloads carry ids and the tenant.

create function private.pending_jobs(tenant uuid)
returns int
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select count(*) from (
      select from graphile_worker._private_jobs j
      where j.payload ->> 'tenant_id' = tenant::text and j.is_available
      limit 1000) as counted);
end
$$;
comment on function private.pending_jobs is 'How many jobs of a tenant wait, up to 1,000.';

create function private.enqueue(
  tenant uuid, task text, payload jsonb,
  job_key text default null, run_at timestamptz default null, max_attempts int default 12,
  queue text default null)
returns bigint
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Fair shares: the more of its jobs wait, the further back a tenant's next one stands, so a tenant
  -- with none waiting comes first, whoever else has thousands.
  return (graphile_worker.add_job(
    identifier => task,
    payload => (payload || jsonb_build_object('tenant_id', tenant))::json,
    run_at => run_at,
    max_attempts => max_attempts,
    job_key => job_key,
    queue_name => queue,
    priority => private.pending_jobs(tenant) / 10)).id;
end
$$;
comment on function private.enqueue is
  'Enqueues a task for a tenant in the present transaction; answers the job''s id. Tenants share the worker fairly; jobs of one queue run one after the other.';
grant execute on function private.enqueue to kontor_worker;

create function private.enqueue_many(
  tenant uuid, task text, payloads jsonb[], max_attempts int default 12)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  waiting constant int := private.pending_jobs(tenant);
begin
  perform graphile_worker.add_jobs(array(
    select row(
      task, (entry.payload || jsonb_build_object('tenant_id', tenant))::json, null, null,
      max_attempts, null, least((waiting + entry.place) / 10, 32000), null
    )::graphile_worker.job_spec
    from unnest(payloads) with ordinality as entry (payload, place)));
end
$$;
comment on function private.enqueue_many is 'Enqueues a batch in one call, in fair shares like private.enqueue.';
grant execute on function private.enqueue_many to kontor_worker;

create function private.is_live_tenant(id uuid)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (select from public.tenants t where t.id = is_live_tenant.id and t.deleted_at is null)
$$;
comment on function private.is_live_tenant is 'Whether a tenant is there and was not deleted; jobs of others fail at once.';
grant execute on function private.is_live_tenant to kontor_worker;

-- What a tenant's admins see of the queue ------------------------------------------------------------------

create function private.job_state(locked_at timestamptz, attempts int, max_attempts int, run_at timestamptz)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when locked_at is not null then 'running'
    when attempts >= max_attempts then 'failed'
    when attempts > 0 then 'retrying'
    when run_at > now() then 'scheduled'
    else 'queued'
  end
$$;

create function private.jobs_of(tenant uuid)
returns table (
  id bigint, task text, state text, payload json, attempts int, max_attempts int, last_error text,
  run_at timestamptz, created_at timestamptz, updated_at timestamptz)
language plpgsql
stable
security definer
set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
    select j.id, t.identifier, private.job_state(j.locked_at, j.attempts, j.max_attempts, j.run_at),
      j.payload, j.attempts::int, j.max_attempts::int, split_part(j.last_error, E'\n', 1), j.run_at,
      j.created_at, j.updated_at
    from graphile_worker._private_jobs j
    join graphile_worker._private_tasks t on t.id = j.task_id
    where j.payload ->> 'tenant_id' = tenant::text;
end
$$;

create function public.list_jobs(
  state text default null, page_size int default 100, before bigint default null)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  return (
    with listed as materialized (
      select * from private.jobs_of(tenant) j
      where list_jobs.state is null or j.state = list_jobs.state
      limit 10001
    ), shown as (
      select * from listed l where before is null or l.id < before
      order by l.id desc limit least(greatest(page_size, 1), 200) + 1
    )
    select json_build_object(
      'count', (select count(*) from listed),
      'data', (
        select coalesce(json_agg(json_build_object(
          'id', s.id::text, 'task', s.task, 'state', s.state, 'attempts', s.attempts,
          'max_attempts', s.max_attempts, 'last_error', s.last_error, 'next_attempt_at',
          case when s.state in ('queued', 'scheduled', 'retrying') then s.run_at end,
          'subject', s.payload::jsonb - 'tenant_id', 'created_at', s.created_at,
          'updated_at', s.updated_at) order by s.id desc), '[]')
        from shown s)));
end
$$;
comment on function public.list_jobs is
  'The active tenant''s jobs that are not done, newest first: what, state, attempts, last error, when next; one more than a page, and how many there are up to 10,001. Admins.';
grant execute on function public.list_jobs to authenticated;

create function private.require_job(tenant uuid, id bigint)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  state text := (select j.state from private.jobs_of(tenant) j where j.id = require_job.id);
begin
  if state is null then
    perform private.refuse(404, 'not_found', 'There is no such job; perhaps it is done.');
  end if;
  if state = 'running' then
    perform private.refuse(409, 'conflict', 'This job is running just now.');
  end if;
  return state;
end
$$;

create function public.retry_job(id bigint)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.require_job(tenant, retry_job.id);
  -- One that failed for good has no attempt left; it gets new ones.
  perform graphile_worker.reschedule_jobs(array[j.id], run_at => now(), attempts => 0,
    max_attempts => greatest(j.max_attempts, 4))
  from graphile_worker._private_jobs j where j.id = retry_job.id;
  perform pg_notify('jobs:insert', json_build_object('r', random(), 'count', 1)::text);
end
$$;
comment on function public.retry_job is 'Runs a waiting or failed job of the active tenant again, now. Admins.';
grant execute on function public.retry_job to authenticated;

create function public.cancel_job(id bigint)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.require_job(tenant, cancel_job.id);
  perform graphile_worker.complete_jobs(array[cancel_job.id]);
end
$$;
comment on function public.cancel_job is 'Takes a job of the active tenant that is not running out of the queue. Admins.';
grant execute on function public.cancel_job to authenticated;

-- Bytes follow rows ------------------------------------------------------------------------------------------

create function private.delete_object()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if old.object_key is not null then
    perform private.enqueue(old.tenant_id, 'delete_object', jsonb_build_object('object_key', old.object_key));
  end if;
  return null;
end
$$;
comment on function private.delete_object is 'AFTER DELETE: the object in S3 goes too, by a task, once the transaction is committed.';
create trigger delete_object after delete on public.attachments
  for each row execute function private.delete_object();

-- Exports ----------------------------------------------------------------------------------------------------

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
  using (tenant_id = (select private.current_tenant('member')));

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

create function private.announce_export()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Heard by the functions, which tell the tenant's open pages; ids only.
  perform pg_notify('kontor', json_build_object(
    'tenant_id', new.tenant_id, 'kind', 'export', 'id', new.id)::text);
  return null;
end
$$;
create trigger announce_export after insert or update on public.exports
  for each row execute function private.announce_export();

create function public.request_export(payload jsonb)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member');
  made public.exports;
  stamp text;
begin
  perform private.refuse_unknown_keys(payload, array['entity', 'format', 'rows', 'query', 'columns']);
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
  tenant uuid := private.require_role('member');
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
  tenant uuid := private.require_role('member');
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

create function private.sweep_uploads()
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  swept int;
begin
  delete from public.attachments where status = 'pending' and created_at < now() - interval '24 hours';
  get diagnostics swept = row_count;
  return swept;
end
$$;
comment on function private.sweep_uploads is 'Forgets uploads that were announced a day ago and never completed.';

create function private.purge_trash()
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  purged int := 0;
  part int;
begin
  delete from public.orders where deleted_at < now() - interval '30 days';
  get diagnostics part = row_count;
  purged := purged + part;
  -- What live orders still name stays, however long it has been in the trash.
  delete from public.products p where p.deleted_at < now() - interval '30 days' and not exists (
    select from public.order_items i where i.tenant_id = p.tenant_id and i.product_id = p.id);
  get diagnostics part = row_count;
  purged := purged + part;
  delete from public.customers c where c.deleted_at < now() - interval '30 days' and not exists (
    select from public.orders o where o.tenant_id = c.tenant_id and o.customer_id = c.id);
  get diagnostics part = row_count;
  return purged + part;
end
$$;
comment on function private.purge_trash is 'Deletes for good what has been in the trash for 30 days.';

grant execute on function private.begin_export, private.report_export, private.finish_export,
  private.expire_exports, private.sweep_uploads, private.purge_trash to kontor_worker;

-- A task that reads a tenant's records becomes the person who asked, and sees what they may see.
grant authenticated to kontor_worker;

-- E-mail -----------------------------------------------------------------------------------------------------

create type public.email_status as enum ('queued', 'sent', 'failed');

create table public.emails (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  template text not null,
  recipient text not null check (char_length(recipient) <= 320 and recipient !~ '[\r\n]'),
  params jsonb not null default '{}',
  status public.email_status not null default 'queued',
  response text,
  handed_over_at timestamptz,
  requested_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.emails is 'Every mail sent for a tenant: to whom, in which state, and what the mail server said.';
comment on column public.emails.id is 'Also the left side of the Message-ID, the same on every attempt.';
comment on column public.emails.response is 'What the mail server answered last, or why it was not asked.';
comment on column public.emails.handed_over_at is
  'When the mail server had been given the whole mail. Queued and set: its answer never reached us.';
comment on column public.emails.params is 'Ids of what the mail is about; never its text, never a secret.';
create index emails_created_at_idx on public.emails (tenant_id, created_at desc, id desc);

alter table public.emails enable row level security;
alter table public.emails force row level security;
grant select on public.emails to authenticated, service_role;
create policy "admins see the mails of their tenant"
  on public.emails for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));

create function private.mails_left(tenant uuid)
returns int
language sql
stable
security definer
set search_path = ''
as $$
  select 500 - count(*)::int from public.emails e
  where e.tenant_id = mails_left.tenant and e.created_at > now() - interval '1 hour'
$$;
comment on function private.mails_left is 'How many mails a tenant may still send within this hour.';

create function private.enqueue_email(
  tenant uuid, template text, recipient text, params jsonb, requested_by uuid default auth.uid())
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  made uuid;
begin
  if private.mails_left(tenant) <= 0 then
    perform private.refuse(429, 'rate_limited', 'Five hundred mails were sent within an hour. Try again later.');
  end if;
  insert into public.emails as e (tenant_id, template, recipient, params, requested_by)
  values (tenant, enqueue_email.template, enqueue_email.recipient, enqueue_email.params,
    enqueue_email.requested_by)
  returning e.id into made;
  perform private.enqueue(tenant, 'send_email', jsonb_build_object('email_id', made), job_key => 'email:' || made);
  return made;
end
$$;
comment on function private.enqueue_email is 'Has a mail sent when the present transaction is committed; at most 500 an hour per tenant.';
grant execute on function private.enqueue_email to kontor_worker;

create function private.begin_email(tenant uuid, id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  return (
    select json_build_object(
      'id', e.id, 'template', e.template, 'recipient', e.recipient, 'params', e.params,
      'requested_by', e.requested_by, 'handed_over', e.handed_over_at is not null,
      'tenant', json_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'locale', t.locale,
        'time_zone', t.time_zone, 'currency', t.currency))
    from public.emails e join public.tenants t on t.id = e.tenant_id and t.deleted_at is null
    where e.tenant_id = tenant and e.id = begin_email.id and e.status <> 'sent');
end
$$;
comment on function private.begin_email is 'What a mail is about; null when it was sent already or is not wanted any more.';

create function private.hand_over_email(tenant uuid, id uuid)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.emails e set handed_over_at = now()
  where e.tenant_id = tenant and e.id = hand_over_email.id
$$;
comment on function private.hand_over_email is 'Records that the mail server is being given the last byte of a mail.';

create function private.finish_email(tenant uuid, id uuid, status public.email_status, response text)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.emails e
  set status = finish_email.status, response = left(finish_email.response, 1000),
      handed_over_at = case when finish_email.status = 'sent' then e.handed_over_at end,
      sent_at = case when finish_email.status = 'sent' then now() end
  where e.tenant_id = tenant and e.id = finish_email.id
$$;
comment on function private.finish_email is
  'Records what became of a mail and what the mail server answered; queued: it will be tried again.';

create function public.send_order(order_id uuid, recipient text default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member');
  address text;
  email uuid;
begin
  select coalesce(nullif(btrim(send_order.recipient), ''), c.email) into address
  from public.orders o
  left join public.customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id
  where o.tenant_id = tenant and o.id = send_order.order_id and o.deleted_at is null;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such order.');
  end if;
  if address is null then
    perform private.refuse(422, 'validation_failed',
      'This order''s customer has no e-mail address. Say where to send it.', 'to');
  end if;
  email := private.enqueue_email(
    tenant, 'order_confirmation', address, jsonb_build_object('order_id', send_order.order_id));
  return json_build_object('id', email, 'status', 'queued', 'recipient', address);
end
$$;
comment on function public.send_order is
  'Mails the confirmation of an order to an address, or to its customer; members and above.';
grant execute on function public.send_order to authenticated;

create function public.list_emails(page_size int default 25, before uuid default null)
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  return (
    with shown as (
      select * from public.emails e
      where e.tenant_id = tenant and (before is null or e.id < before)
      order by e.id desc limit least(greatest(page_size, 1), 200) + 1
    )
    select json_build_object(
      'count', (
        select count(*) from (
          select from public.emails e where e.tenant_id = tenant limit 10001) as counted),
      'data', (
        select coalesce(json_agg(json_build_object(
          'id', s.id, 'template', s.template, 'recipient', s.recipient, 'status', s.status,
          'response', s.response, 'subject', s.params, 'requested_by', s.requested_by,
          'created_at', s.created_at, 'sent_at', s.sent_at) order by s.id desc), '[]')
        from shown s)));
end
$$;
comment on function public.list_emails is
  'What was mailed for the active tenant, newest first; one more than a page, and how many there are up to 10,001. Admins.';
grant execute on function public.list_emails to authenticated;

create function private.issue_invitation_token(tenant uuid, id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  token text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  offer public.invitations;
begin
  update public.invitations i set mailed_token_hash = sha256(convert_to(token, 'UTF8'))
  where i.tenant_id = tenant and i.id = issue_invitation_token.id and i.accepted_at is null
    and i.expires_at > now()
  returning i.* into offer;
  if not found then
    return null;
  end if;
  return json_build_object(
    'token', token, 'role', offer.role, 'expires_at', offer.expires_at,
    'invited_by', (select coalesce(p.name, p.email) from public.people p where p.id = offer.invited_by));
end
$$;
comment on function private.issue_invitation_token is
  'A fresh token for the mail of an invitation, so that the queue never holds one; null when it is not open any more.';

create function private.ready_export(tenant uuid, id uuid)
returns json
language sql
stable
security definer
set search_path = ''
as $$
  select json_build_object('file_name', e.file_name, 'rows', e.done, 'expires_at', e.expires_at)
  from public.exports e
  where e.tenant_id = tenant and e.id = ready_export.id and e.status = 'succeeded'
$$;
comment on function private.ready_export is 'What the mail about a finished export says; null when it is gone.';

grant execute on function private.begin_email, private.hand_over_email, private.finish_email,
  private.issue_invitation_token, private.ready_export
  to kontor_worker;
