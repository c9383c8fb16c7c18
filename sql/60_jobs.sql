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

create function private.job_cause()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  request_id constant text := private.request_header('x-request-id');
  traceparent constant text := private.request_header('traceparent');
begin
  -- Whatever door it came through wrote the first anew; the second may be a stranger's.
  if request_id is null or request_id !~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$' then
    return '{}';
  end if;
  return jsonb_build_object('caused_by', jsonb_strip_nulls(jsonb_build_object(
    'request_id', request_id,
    'traceparent', case when traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' then traceparent end)));
end
$$;
comment on function private.job_cause is
  'What a job''s payload says of the request that enqueues it: {"caused_by": {request_id, traceparent?}}; empty outside of one.';

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
  perform private.tell(tenant, '{"kind": "jobs"}'); -- Graphile Worker notifies here as well
  -- Fair shares: the more of its jobs wait, the further back a tenant's next one stands, so a tenant
  -- with none waiting comes first, whoever else has thousands.
  return (graphile_worker.add_job(
    identifier => task,
    payload => (payload || jsonb_build_object('tenant_id', tenant) || private.job_cause())::json,
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
  common constant jsonb := jsonb_build_object('tenant_id', tenant) || private.job_cause();
begin
  perform private.tell(tenant, '{"kind": "jobs"}');
  perform graphile_worker.add_jobs(array(
    select row(
      task, (entry.payload || common)::json, null, null,
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

create function private.tell_jobs(tenants uuid[])
returns void
language sql
security definer
set search_path = ''
as $$
  select private.tell(tenant, '{"kind": "jobs"}') from unnest(tenants) as tenant
$$;
comment on function private.tell_jobs is 'The jobs of these tenants are others now; said by the worker for many jobs at once.';
grant execute on function private.tell_jobs to kontor_worker;

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
      order by j.id desc limit 10001
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
          'subject', s.payload::jsonb - array['tenant_id', 'caused_by'], 'created_at', s.created_at,
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
  perform private.tell(tenant, '{"kind": "jobs"}');
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
  perform private.tell(tenant, '{"kind": "jobs"}');
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

-- What is done by the clock --------------------------------------------------------------------------------

create function private.prune_expired()
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  pruned int;
begin
  delete from private.idempotency_keys where created_at < now() - interval '24 hours';
  get diagnostics pruned = row_count;
  delete from public.invitations
  where accepted_at is null and expires_at < now() - interval '30 days';
  return pruned;
end
$$;
comment on function private.prune_expired is
  'Deletes idempotency keys after a day and invitations a month after they lapsed; answers how many keys.';

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

create function private.purge_trash(up_to int default 500)
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  purged int;
begin
  delete from public.orders where ctid = any (array(
    select o.ctid from public.orders o
    where o.deleted_at < now() - interval '30 days' limit up_to));
  get diagnostics purged = row_count;
  if purged > 0 then
    return purged;
  end if;
  -- What live orders still name stays, however long it has been in the trash.
  delete from public.products where ctid = any (array(
    select p.ctid from public.products p
    where p.deleted_at < now() - interval '30 days' and not exists (
      select from public.order_items i where i.tenant_id = p.tenant_id and i.product_id = p.id)
    limit up_to));
  get diagnostics purged = row_count;
  if purged > 0 then
    return purged;
  end if;
  delete from public.customers where ctid = any (array(
    select c.ctid from public.customers c
    where c.deleted_at < now() - interval '30 days' and not exists (
      select from public.orders o where o.tenant_id = c.tenant_id and o.customer_id = c.id)
    limit up_to));
  get diagnostics purged = row_count;
  return purged;
end
$$;
comment on function private.purge_trash is
  'Deletes for good some of what has been in the trash for 30 days; answers how many, 0 when there is no more.';

grant execute on function private.prune_expired, private.sweep_uploads, private.purge_trash to kontor_worker;

-- A task that reads a tenant's records becomes the person who asked, and sees what they may see.
grant authenticated to kontor_worker;
