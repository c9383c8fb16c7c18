-- Tenants: the people, the businesses, and who belongs to which in what role.

-- People ------------------------------------------------------------------------------------------

create table public.people (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null,
  name text check (char_length(name) between 1 and 200),
  created_at timestamptz not null default now()
);
comment on table public.people is 'Everybody who signed up, as their fellow members see them.';
comment on column public.people.name is 'What the person is called; null until they say.';

create function private.mirror_person()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.people (id, email, name)
  values (
    new.id, lower(new.email),
    nullif(left(btrim(new.raw_user_meta_data ->> 'name'), 200), ''))
  on conflict (id) do update set email = excluded.email;
  return null;
end
$$;
comment on function private.mirror_person is 'Keeps people in step with the auth server''s users.';

create trigger mirror_person_on_sign_up
  after insert or update of email on auth.users
  for each row when (new.email is not null)
  execute function private.mirror_person();

insert into public.people (id, email, name)
select id, lower(email), nullif(left(btrim(raw_user_meta_data ->> 'name'), 200), '')
from auth.users where email is not null;

-- Tenants -----------------------------------------------------------------------------------------

create type public.member_role as enum ('viewer', 'member', 'admin', 'owner');
comment on type public.member_role is 'What somebody may do in a tenant, least first: each may all that the ones before it may.';

create table public.tenants (
  id uuid primary key default private.uuid_v7(),
  slug text not null unique
    constraint tenants_slug_format
      check (char_length(slug) between 3 and 40 and slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
    constraint tenants_slug_reserved check (slug not in (
      '_astro', 'account', 'admin', 'api', 'app', 'assets', 'attachments', 'audit', 'auth',
      'billing', 'customers', 'dashboard', 'dev', 'docs', 'exports', 'files', 'health', 'healthz',
      'help', 'home', 'invitations', 'jobs', 'livez', 'login', 'logout', 'members', 'new', 'null',
      'openapi', 'orders', 'privacy', 'products', 'public', 'recover', 'reset', 'root', 'rpc',
      'search', 'session', 'settings', 'signin', 'signout', 'signup', 'static', 'status',
      'storage', 'support', 'system', 'team', 'tenants', 'terms', 'undefined', 'webhooks',
      'welcome', 'www')),
  name text not null constraint tenants_name_length check (char_length(btrim(name)) between 1 and 200),
  currency text not null references public.currencies (code),
  time_zone text not null,
  locale text not null default 'en'
    constraint tenants_locale_format check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  order_prefix text not null default 'SO-'
    constraint tenants_order_prefix_format check (order_prefix ~ '^[A-Za-z0-9/_-]{0,12}$'),
  address jsonb constraint tenants_address_object
    check (jsonb_typeof(address) = 'object' and octet_length(address::text) <= 16384),
  tax_id text constraint tenants_tax_id_length check (char_length(tax_id) <= 100),
  phone text constraint tenants_phone_length check (char_length(phone) <= 100),
  email text constraint tenants_email_length check (char_length(email) <= 320),
  logo_id uuid,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
comment on table public.tenants is 'The businesses that keep their books here. Everything else belongs to one of them.';
comment on column public.tenants.slug is 'Short name in addresses: lower-case letters, digits, and single hyphens between.';
comment on column public.tenants.currency is 'What new orders and products are in unless they say otherwise.';
comment on column public.tenants.time_zone is 'IANA name; days begin and end by it.';
comment on column public.tenants.address is 'As its documents show it: an object of text fields, line1, line2, postal_code, city, region, country …';
comment on column public.tenants.tax_id is 'As its documents show it, such as a VAT number.';
comment on column public.tenants.phone is 'As its documents show it.';
comment on column public.tenants.email is 'Where its customers write to, as its documents show it.';
comment on column public.tenants.logo_id is 'The picture in its documents'' head, one of its own attachments.';
comment on column public.tenants.order_prefix is 'What the numbers of new orders begin with.';

create function private.check_time_zone()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if not exists (select from pg_catalog.pg_timezone_names where name = new.time_zone) then
    perform private.refuse(
      422, 'validation_failed', 'Not an IANA time zone, such as Europe/Berlin.', 'time_zone');
  end if;
  return new;
end
$$;
create trigger check_time_zone before insert or update of time_zone on public.tenants
  for each row execute function private.check_time_zone();
create trigger keep_version before update on public.tenants
  for each row execute function private.keep_version();

-- Memberships -------------------------------------------------------------------------------------

create table public.memberships (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  user_id uuid not null references public.people (id) on delete cascade,
  role public.member_role not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, user_id)
);
comment on table public.memberships is 'Who belongs to which tenant, in which role.';
create index memberships_user_id_idx on public.memberships (user_id);
