-- Files: what hangs on an order, a customer or a product, and a tenant's logo. The bytes are in S3; the
-- rules are here.

create type public.attachment_status as enum ('pending', 'ready');
create type public.preview_state as enum ('none', 'pending', 'ready');

create table public.attachments (
  tenant_id uuid not null default private.current_tenant('member', 'files')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  entity_type text not null constraint attachments_entity_type_known
    check (entity_type in ('order', 'customer', 'product', 'tenant')),
  entity_id uuid not null,
  file_name text not null constraint attachments_file_name_length
    check (char_length(file_name) between 1 and 255),
  content_type text not null constraint attachments_content_type_format
    check (content_type ~ '^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$'),
  byte_size bigint not null constraint attachments_byte_size_range check (byte_size >= 0),
  sha256 text constraint attachments_sha256_format check (sha256 ~ '^[0-9a-f]{64}$'),
  object_key text unique,
  status public.attachment_status not null default 'pending',
  preview public.preview_state not null default 'none',
  created_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  -- One of these is the parent; as columns, so that a composite foreign key holds each to its tenant.
  order_id uuid generated always as (case when entity_type = 'order' then entity_id end) stored,
  customer_id uuid generated always as (case when entity_type = 'customer' then entity_id end) stored,
  product_id uuid generated always as (case when entity_type = 'product' then entity_id end) stored,
  primary key (tenant_id, id),
  constraint attachments_order_id_fkey foreign key (tenant_id, order_id)
    references public.orders (tenant_id, id) on delete cascade,
  constraint attachments_customer_id_fkey foreign key (tenant_id, customer_id)
    references public.customers (tenant_id, id) on delete cascade,
  constraint attachments_product_id_fkey foreign key (tenant_id, product_id)
    references public.products (tenant_id, id) on delete cascade,
  constraint attachments_entity_id_own check (entity_type <> 'tenant' or entity_id = tenant_id)
);
comment on table public.attachments is 'Files of orders, customers, products and of the tenant itself. Uploaded straight to S3; written through the functions only.';
comment on column public.attachments.file_name is 'The name the person gave; never part of an address or a key.';
comment on column public.attachments.object_key is
  'Where the bytes are, <tenant>/<entity type>/<uuid>; null until an upload was looked at. Nobody is given an address to write there.';
comment on column public.attachments.status is 'pending until the upload was checked against what was promised.';
comment on column public.attachments.preview is
  'A small picture of it: pending while a task makes one, none when there is nothing to show.';

create index attachments_entity_idx on public.attachments (tenant_id, entity_type, entity_id, id);
-- For the foreign keys: a record that is deleted looks for its files.
create index attachments_order_idx on public.attachments (tenant_id, order_id) where order_id is not null;
create index attachments_customer_idx on public.attachments (tenant_id, customer_id)
  where customer_id is not null;
create index attachments_product_idx on public.attachments (tenant_id, product_id)
  where product_id is not null;
create index attachments_pending_idx on public.attachments (created_at) where status = 'pending';

alter table public.attachments enable row level security;
alter table public.attachments force row level security;
grant select (tenant_id, id, entity_type, entity_id, file_name, content_type, byte_size, sha256,
  status, preview, created_by, created_at) on public.attachments to authenticated, service_role;

create policy "members read the files of their tenant's records"
  on public.attachments for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'files')));

-- What a tenant may store ------------------------------------------------------------------------------

create table private.storage_quotas (
  tenant_id uuid primary key references public.tenants (id) on delete cascade,
  max_bytes bigint not null check (max_bytes >= 0)
);
comment on table private.storage_quotas is 'Tenants whose quota is not the usual one; operators write here.';
alter table private.storage_quotas enable row level security;
alter table private.storage_quotas force row level security;

create function private.storage_left(tenant uuid)
returns bigint
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(
      (select max_bytes from private.storage_quotas where tenant_id = tenant), 10 * 1024 ^ 3)::bigint
    - coalesce((select sum(byte_size) from public.attachments where tenant_id = tenant), 0)::bigint
$$;
comment on function private.storage_left is 'Bytes a tenant may still store; uploads under way count as stored.';

-- The life of a file -----------------------------------------------------------------------------------
-- The functions sign addresses and look at objects, so they alone may say what S3 holds. They call
-- these with the active tenant that private.require_role() gave them for the same request.

create view private.attachment_documents with (security_invoker) as
select
  a.tenant_id, a.id, a.entity_type, a.entity_id, a.status, a.created_at,
  null::timestamptz as deleted_at, -- there is no trash for files; lists ask
  json_build_object(
    'id', a.id, 'entity_type', a.entity_type, 'entity_id', a.entity_id, 'file_name', a.file_name,
    'content_type', a.content_type, 'byte_size', a.byte_size, 'sha256', a.sha256,
    'status', a.status, 'preview', a.preview, 'created_by', a.created_by, 'created_at', a.created_at) as document
from public.attachments a;
comment on view private.attachment_documents is 'A file as every answer shows it.';
grant select on private.attachment_documents to authenticated, service_role;

create function private.record_state(tenant uuid, entity_type text, entity_id uuid)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  trashed boolean;
begin
  case entity_type
    when 'order' then
      select r.deleted_at is not null into trashed from public.orders r
      where r.tenant_id = tenant and r.id = entity_id;
    when 'customer' then
      select r.deleted_at is not null into trashed from public.customers r
      where r.tenant_id = tenant and r.id = entity_id;
    when 'product' then
      select r.deleted_at is not null into trashed from public.products r
      where r.tenant_id = tenant and r.id = entity_id;
    when 'tenant' then
      trashed := case when entity_id = tenant then false end;
    else null;
  end case;
  return case when trashed then 'trashed' when not trashed then 'live' end;
end
$$;
comment on function private.record_state is 'live or trashed; null when the tenant has no such record.';
grant execute on function private.record_state to kontor_functions;

create function private.require_live_record(tenant uuid, entity_type text, entity_id uuid)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  state constant text := private.record_state(tenant, entity_type, entity_id);
begin
  if state is null then
    perform private.refuse(404, 'not_found', 'There is no such record.');
  elsif state = 'trashed' then
    perform private.refuse(409, 'conflict', 'The record is in the trash; its files can only be read.');
  end if;
end
$$;

create function public.create_attachment(payload jsonb)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'files');
  input public.attachments;
  made public.attachments;
begin
  perform private.refuse_unknown_keys(payload, array[
    'file_name', 'content_type', 'byte_size', 'sha256', 'entity_type', 'entity_id']);
  input := jsonb_populate_record(null::public.attachments, payload);
  perform private.require_live_record(tenant, input.entity_type, input.entity_id);
  if input.entity_type = 'tenant' then
    perform private.require_role('admin');
    perform private.refuse_unfit_logo(input);
  end if;
  -- Two uploads at once must not both take the last of the quota.
  perform from public.tenants t where t.id = tenant for no key update;
  if input.byte_size > private.storage_left(tenant) then
    perform private.refuse(413, 'too_large', 'The tenant''s storage is used up.');
  end if;

  insert into public.attachments (
    tenant_id, entity_type, entity_id, file_name, content_type, byte_size, sha256)
  values (
    tenant, input.entity_type, input.entity_id, input.file_name, input.content_type,
    input.byte_size, input.sha256)
  returning * into made;
  return json_build_object('attachment_id', made.id, 'upload_key', private.upload_key(made));
end
$$;
comment on function public.create_attachment is
  'Announces an upload: a pending attachment of a live record, within the tenant''s quota.';
grant execute on function public.create_attachment to authenticated;

create function private.upload_key(attachment public.attachments)
returns text
language sql
stable
set search_path = ''
as $$
  select format('incoming/%s/%s/%s', attachment.tenant_id, attachment.entity_type, attachment.id)
$$;
comment on function private.upload_key is
  'Where an upload goes first. Its address can still be written to for a while, so what is kept is a copy.';

create function private.attachment_for_functions(tenant uuid, id uuid)
returns public.attachments
language sql
stable
security definer
set search_path = ''
as $$
  select a from public.attachments a
  where a.tenant_id = tenant and a.id = attachment_for_functions.id
$$;
comment on function private.attachment_for_functions is 'An attachment with its object''s key, for the functions to sign addresses of.';
grant execute on function private.attachment_for_functions to kontor_functions;

create function private.begin_check(tenant uuid, id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  present public.attachments;
  fresh_key text;
begin
  select a.* into present from public.attachments a
  where a.tenant_id = tenant and a.id = begin_check.id for no key update;
  if not found then
    return null;
  end if;
  if present.status = 'ready' then
    return json_build_object('status', 'ready');
  end if;
  perform private.require_live_record(tenant, present.entity_type, present.entity_id);
  -- Every check has a copy of its own: two at once, or one that died half-way, spoil nothing.
  if present.object_key is not null then
    perform private.enqueue(
      tenant, 'delete_object', jsonb_build_object('object_key', present.object_key));
  end if;
  fresh_key := format('%s/%s/%s', tenant, present.entity_type, private.uuid_v7());
  update public.attachments a set object_key = fresh_key
  where a.tenant_id = tenant and a.id = begin_check.id;
  return json_build_object(
    'status', 'pending', 'upload_key', private.upload_key(present), 'object_key', fresh_key,
    'content_type', present.content_type, 'byte_size', present.byte_size, 'sha256', present.sha256);
end
$$;
comment on function private.begin_check is
  'What was promised of a pending upload, and the key that a checked copy of it is to have. Null: no such file.';
grant execute on function private.begin_check to kontor_functions;

create function private.settle_attachment(tenant uuid, id uuid, object_key text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  settled boolean;
begin
  update public.attachments a
  set status = 'ready',
    preview = case when private.is_previewable(a.content_type, a.byte_size) then 'pending' else 'none' end
      ::public.preview_state
  where a.tenant_id = tenant and a.id = settle_attachment.id and a.status = 'pending'
    and a.object_key = settle_attachment.object_key;
  settled := found;
  -- One of a tenant's after the other: many pictures of one do not hold up those of the others.
  perform private.enqueue(
    tenant, 'make_preview', jsonb_build_object('attachment_id', a.id),
    queue => format('previews %s', tenant))
  from public.attachments a
  where settled and a.tenant_id = tenant and a.id = settle_attachment.id and a.preview = 'pending';
  return settled;
end
$$;
comment on function private.settle_attachment is
  'Ends a check that found all as promised: the file is ready. False when another check began since, or the file is gone.';
grant execute on function private.settle_attachment to kontor_functions;

create function public.delete_attachment(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'files');
  present public.attachments;
begin
  select a.* into present from public.attachments a
  where a.tenant_id = tenant and a.id = delete_attachment.id;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such file.');
  end if;
  if present.entity_type = 'tenant' then
    perform private.require_role('admin');
  end if;
  perform private.require_live_record(tenant, present.entity_type, present.entity_id);
  delete from public.attachments a where a.tenant_id = tenant and a.id = delete_attachment.id;
end
$$;
comment on function public.delete_attachment is 'Deletes a file; its bytes follow by a task.';
grant execute on function public.delete_attachment to authenticated;
