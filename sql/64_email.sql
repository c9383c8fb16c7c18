-- E-mail: every mail is a row first, sent by a task after the transaction that wanted it.

create type public.email_status as enum ('queued', 'sent', 'failed');

create table public.emails (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  template text not null,
  recipient text not null check (char_length(recipient) <= 320 and recipient !~ '[\r\n]'),
  params jsonb not null default '{}',
  note text constraint emails_note_length check (char_length(note) between 1 and 2000),
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
comment on column public.emails.note is 'What whoever sends the mail adds in their own words.';
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
  tenant uuid, template text, recipient text, params jsonb, requested_by uuid default auth.uid(),
  note text default null)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  made uuid;
begin
  -- One after the other: of two at once, each would miss the other in the count.
  perform pg_advisory_xact_lock(hashtextextended('mails of ' || tenant, 0));
  if private.mails_left(tenant) <= 0 then
    perform private.refuse(429, 'rate_limited', 'Five hundred mails were sent within an hour. Try again later.');
  end if;
  insert into public.emails as e (tenant_id, template, recipient, params, requested_by, note)
  values (tenant, enqueue_email.template, enqueue_email.recipient, enqueue_email.params,
    enqueue_email.requested_by, enqueue_email.note)
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
      'note', e.note, 'requested_by', e.requested_by, 'handed_over', e.handed_over_at is not null,
      'tenant', json_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'email', t.email,
        'locale', t.locale, 'time_zone', t.time_zone, 'is_deleted', t.deleted_at is not null))
    from public.emails e join public.tenants t on t.id = e.tenant_id
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

create function public.send_order(order_id uuid, recipient text default null, note text default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'orders');
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
  -- What PostgREST's callers wrote into a customer or say here went through no other check.
  if address !~ '^[^[:space:][:cntrl:]<>()",;:\\@]+@[^[:space:][:cntrl:]<>()",;:\\@]+$' then
    perform private.refuse(422, 'validation_failed', 'This is not an e-mail address.', 'to');
  end if;
  if char_length(btrim(send_order.note)) > 2000 then
    perform private.refuse(422, 'validation_failed', 'A note has at most 2,000 characters.', 'note');
  end if;
  email := private.enqueue_email(
    tenant, 'order_confirmation', address, jsonb_build_object('order_id', send_order.order_id),
    note => nullif(btrim(send_order.note), ''));
  return json_build_object('id', email, 'status', 'queued', 'recipient', address);
end
$$;
comment on function public.send_order is
  'Mails the confirmation of an order, as a PDF too, to an address or to its customer; members and above.';
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
