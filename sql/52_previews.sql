-- Previews: a small picture of a picture, or of a PDF's first page, drawn by a task. It counts for nothing
-- in the quota. And the picture in the head of a tenant's documents.

create function private.is_previewable(content_type text, byte_size bigint)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select byte_size between 1 and 64 * 1024 ^ 2 and content_type in (
    'image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/tiff', 'application/pdf')
$$;

create function private.preview_key(tenant uuid, id uuid)
returns text
language sql
immutable
set search_path = ''
as $$
  select format('%s/preview/%s', tenant, id)
$$;
comment on function private.preview_key is
  'Where a file''s preview is. The same at every attempt to make it, so that none is left behind.';
grant execute on function private.preview_key to authenticated, kontor_functions, kontor_worker;

create function private.begin_preview(tenant uuid, id uuid)
returns json
language sql
stable
security definer
set search_path = ''
as $$
  select json_build_object(
    'object_key', a.object_key, 'preview_key', private.preview_key(tenant, a.id), 'state', a.preview,
    'content_type', a.content_type, 'is_logo', a.entity_type = 'tenant')
  from public.attachments a
  where a.tenant_id = tenant and a.id = begin_preview.id and a.status = 'ready'
$$;
comment on function private.begin_preview is 'What a preview is to be made of, and where it goes. Null: the file is gone.';

create function private.finish_preview(tenant uuid, id uuid, made boolean)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.attachments a
  set preview = case when made then 'ready' else 'none' end::public.preview_state
  where a.tenant_id = tenant and a.id = finish_preview.id;
  return found;
end
$$;
comment on function private.finish_preview is 'Says that a preview was made, or that there is none. False: the file is gone meanwhile.';
grant execute on function private.begin_preview, private.finish_preview to kontor_worker;

create function private.delete_preview()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue(
    old.tenant_id, 'delete_object', jsonb_build_object('object_key', private.preview_key(old.tenant_id, old.id)));
  return null;
end
$$;
comment on function private.delete_preview is 'AFTER DELETE: the preview goes too, by a task, once the transaction is committed.';
create trigger delete_preview after delete on public.attachments
  for each row when (old.preview = 'ready') execute function private.delete_preview();

-- The tenant's logo ------------------------------------------------------------------------------------
-- A picture uploaded for the tenant itself; it becomes the logo when the tenant's settings name it.

alter table public.tenants
  add constraint tenants_logo_id_fkey foreign key (id, logo_id)
    references public.attachments (tenant_id, id) on delete set null (logo_id);

create function private.refuse_unfit_logo(logo public.attachments)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if logo.content_type not in ('image/png', 'image/jpeg', 'image/webp') then
    perform private.refuse(
      415, 'unsupported_media_type', 'A logo is a PNG, JPEG or WebP picture.', 'content_type');
  end if;
  if logo.byte_size > 1024 ^ 2 then
    perform private.refuse(413, 'too_large', 'A logo may have 1 MiB at most.', 'byte_size');
  end if;
end
$$;

create function private.check_logo()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  seen constant public.preview_state := (
    select a.preview from public.attachments a
    where a.tenant_id = new.id and a.id = new.logo_id and a.entity_type = 'tenant' and a.status = 'ready');
begin
  -- Documents show the preview: whatever was uploaded, that one is small and made by us.
  if new.logo_id is null or seen = 'ready' then
    return new;
  elsif seen = 'pending' then
    perform private.refuse(409, 'conflict', 'The picture is still being looked at. Try again shortly.');
  end if;
  perform private.refuse(
    422, 'validation_failed',
    case when seen is null then 'There is no such picture of this tenant.'
      else 'This file cannot be shown as a picture.' end,
    'logo_id');
end
$$;
comment on function private.check_logo is 'BEFORE UPDATE: a logo is a picture of the tenant''s own that has a preview.';
create trigger check_logo before update of logo_id on public.tenants
  for each row when (old.logo_id is distinct from new.logo_id) execute function private.check_logo();

create function private.drop_other_logos()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.attachments a
  where a.tenant_id = new.id and a.entity_type = 'tenant' and a.status = 'ready'
    and a.id is distinct from new.logo_id;
  return null;
end
$$;
comment on function private.drop_other_logos is 'AFTER UPDATE: pictures of the tenant that are not its logo are of no use.';
create trigger drop_other_logos after update of logo_id on public.tenants
  for each row when (old.logo_id is distinct from new.logo_id) execute function private.drop_other_logos();
