-- Generated from sql/ by `npm run db:migration`; edit there.

-- =================================================================================================
-- sql/00_foundation.sql
-- =================================================================================================

-- Foundation: schemas, roles, revoke-first, and the helpers every slice uses.
--
-- A refusal anywhere in these slices is raised by private.refuse() as SQLSTATE PT<HTTP status>:
-- PostgREST answers with that status, functions/_shared/database_errors.ts maps it to a problem.
--   MESSAGE machine-readable code · DETAIL a sentence for people · HINT path of the offending field

create schema if not exists private;
create schema if not exists audit;
create schema if not exists analytics;
create schema if not exists extensions;

comment on schema private is 'Helpers of the rules. Never exposed by PostgREST.';
comment on schema audit is 'Who did what, from where. Written by triggers only.';
comment on schema analytics is 'Read-only views for analysts, scoped to the tenant of their login.';

create extension if not exists pg_trgm with schema extensions;
create extension if not exists btree_gin with schema extensions;

-- Roles -------------------------------------------------------------------------------------------
-- Roles belong to the cluster, not to this database: make what is missing, never a password.

do $$
declare
  wanted constant jsonb := '{
    "kontor_functions": "login noinherit",
    "kontor_worker":    "login noinherit",
    "analyst":          "nologin"
  }';
  name text;
begin
  for name in select jsonb_object_keys(wanted) loop
    if not exists (select from pg_catalog.pg_roles where rolname = name) then
      execute format('create role %I %s', name, wanted ->> name);
    end if;
  end loop;
end
$$;

comment on role kontor_functions is 'The HTTP functions'' login. Has no rights but to become authenticated.';
comment on role kontor_worker is 'The background worker''s login: its own queue and narrow functions.';
comment on role analyst is 'What every personal analyst login is a member of: reads the analytics views.';

grant authenticated to kontor_functions;

-- Graphile Worker migrates its own schema, so its login owns it.
grant kontor_worker to current_user;
create schema if not exists graphile_worker authorization kontor_worker;

-- Revoke first ------------------------------------------------------------------------------------
-- Supabase's images grant new objects in public to anon and authenticated, and Postgres grants
-- EXECUTE to everybody: take both back, so that a right exists only where a slice grants it.

alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

revoke create on schema public from public, anon, authenticated, service_role;

do $$
begin
  -- A reader who can make temporary tables can fill the disk.
  execute format('revoke temporary on database %I from public', current_database());
end
$$;

grant usage on schema public to authenticated, service_role;
grant usage on schema private to authenticated, service_role, kontor_functions, kontor_worker;
grant usage on schema analytics to analyst;

-- Helpers -----------------------------------------------------------------------------------------
-- What runs in every request is PL/pgSQL even where SQL would do: its plans are kept for the session,
-- while an SQL function that cannot be inlined is planned anew each time.

create function private.refuse(status int, code text, detail text, path text default '')
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT' || status, message = code, detail = detail, hint = coalesce(path, '');
end
$$;
comment on function private.refuse is
  'Raises the one form of refusal: SQLSTATE PT<status>, message = code, detail = sentence, hint = path.';
grant execute on function private.refuse to authenticated, service_role, kontor_functions, kontor_worker;

create function private.refuse_unknown_keys(payload jsonb, known text[], prefix text default '')
returns void
language plpgsql
immutable
set search_path = ''
as $$
declare
  unknown text;
begin
  if jsonb_typeof(payload) is distinct from 'object' then
    perform private.refuse(422, 'validation_failed', 'Expected an object.', rtrim(prefix, '.'));
  end if;
  select key into unknown from jsonb_object_keys(payload) as key where key <> all (known) limit 1;
  if unknown is not null then
    perform private.refuse(
      422, 'validation_failed', format('Unknown field "%s".', left(unknown, 100)),
      prefix || left(unknown, 100));
  end if;
end
$$;
grant execute on function private.refuse_unknown_keys to authenticated, service_role;

create function private.uuid_v7()
returns uuid
language plpgsql
volatile
parallel safe
set search_path = ''
as $$
begin
  -- RFC 9562 §5.7: 48 bits of Unix milliseconds, then version 7 over a random UUID's version 4
  -- (binary 0100 becomes 0111), so that ids made one after another lie side by side in an index.
  return encode(
    set_bit(set_bit(
      overlay(
        uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
        from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid;
end
$$;
comment on function private.uuid_v7 is 'A time-ordered UUID, version 7 (RFC 9562).';
grant execute on function private.uuid_v7 to authenticated, service_role;

create function private.request_header(name text)
returns text
language plpgsql
stable
parallel safe
set search_path = ''
as $$
begin
  return nullif(nullif(current_setting('request.headers', true), '')::json ->> name, '');
end
$$;
comment on function private.request_header is
  'A header of the current request (lower-case name), or null outside of one. Never a source of identity.';
grant execute on function private.request_header to authenticated, service_role;

create function private.as_uuid(value text)
returns uuid
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return case
    when value ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' then value::uuid
  end;
end
$$;
comment on function private.as_uuid is 'The UUID that a text is, else null.';
grant execute on function private.as_uuid to authenticated, service_role;

create function private.as_date(value text)
returns date
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return case when value ~ '^\d{4}-\d\d-\d\d$' then value::date end;
exception
  when datetime_field_overflow or invalid_datetime_format then return null;
end
$$;
comment on function private.as_date is 'The day that a text (YYYY-MM-DD) is, else null.';

create function private.as_address(value text)
returns inet
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  return case when value ~ '^[0-9A-Fa-f:.]{2,45}$' then value::inet end;
exception
  when invalid_text_representation then return null;
end
$$;
comment on function private.as_address is 'The IP address that a text is, else null.';

-- Row keeping: one trigger for every table with version, updated_at and deleted_at -------------------

create function private.keep_version()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if old.deleted_at is not null and new.deleted_at is not null
    -- Who made it may be erased meanwhile: the foreign key then empties created_by.
    and (new is not distinct from old or to_jsonb(new) - 'created_by' <> to_jsonb(old) - 'created_by')
  then
    perform private.refuse(409, 'conflict', 'This record is in the trash. Restore it before changing it.');
  end if;
  if new is distinct from old then
    -- A version is what others can have seen: however often one transaction writes a row, the
    -- version moves one step, and a row made in this transaction stays at its first.
    new.version := old.version
      + case when old.xmin = pg_current_xact_id()::xid then 0 else 1 end;
    new.updated_at := now();
  end if;
  return new;
end
$$;
comment on function private.keep_version is
  'BEFORE UPDATE: moves version and updated_at, and refuses changes to a row that is in the trash.';

create function private.matches_version(actual int, expected int)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if expected is not null and expected <> actual then
    perform private.refuse(
      412, 'version_mismatch',
      format('You changed version %s, but version %s is current.', expected, actual));
  end if;
end
$$;
grant execute on function private.matches_version to authenticated, service_role;

-- ISO 4217 currencies -----------------------------------------------------------------------------

create table public.currencies (
  code text primary key check (code ~ '^[A-Z]{3}$'),
  name text not null,
  minor_digits smallint not null check (minor_digits between 0 and 4)
);
comment on table public.currencies is 'ISO 4217: the currencies amounts may be in, and their minor digits.';
comment on column public.currencies.code is 'Three-letter code, e.g. EUR.';
comment on column public.currencies.minor_digits is 'Decimals that amounts are rounded to: EUR 2, JPY 0, KWD 3.';

alter table public.currencies enable row level security;
alter table public.currencies force row level security;
create policy "everybody who is signed in reads the currencies"
  on public.currencies for select to authenticated, analyst using (true);
grant select on public.currencies to authenticated, service_role;

insert into public.currencies (minor_digits, code, name)
select digits, split_part(entry, ' ', 1), substr(entry, 5)
from (values
  (0, array['BIF Burundian franc', 'CLP Chilean peso', 'DJF Djiboutian franc', 'GNF Guinean franc',
    'ISK Icelandic króna', 'JPY Japanese yen', 'KMF Comorian franc', 'KRW South Korean won',
    'PYG Paraguayan guaraní', 'RWF Rwandan franc', 'UGX Ugandan shilling', 'VND Vietnamese đồng',
    'VUV Vanuatu vatu', 'XAF Central African CFA franc', 'XOF West African CFA franc',
    'XPF CFP franc']),
  (2, array['AED UAE dirham', 'AFN Afghan afghani', 'ALL Albanian lek', 'AMD Armenian dram',
    'AOA Angolan kwanza', 'ARS Argentine peso', 'AUD Australian dollar', 'AWG Aruban florin',
    'AZN Azerbaijani manat', 'BAM Bosnia and Herzegovina mark', 'BBD Barbados dollar',
    'BDT Bangladeshi taka', 'BGN Bulgarian lev', 'BMD Bermudian dollar', 'BND Brunei dollar',
    'BOB Boliviano', 'BRL Brazilian real', 'BSD Bahamian dollar', 'BTN Bhutanese ngultrum',
    'BWP Botswana pula', 'BYN Belarusian ruble', 'BZD Belize dollar', 'CAD Canadian dollar',
    'CDF Congolese franc', 'CHF Swiss franc', 'CNY Chinese yuan', 'COP Colombian peso',
    'CRC Costa Rican colón', 'CUP Cuban peso', 'CVE Cape Verdean escudo', 'CZK Czech koruna',
    'DKK Danish krone', 'DOP Dominican peso', 'DZD Algerian dinar', 'EGP Egyptian pound',
    'ERN Eritrean nakfa', 'ETB Ethiopian birr', 'EUR Euro', 'FJD Fiji dollar',
    'FKP Falkland Islands pound', 'GBP Pound sterling', 'GEL Georgian lari', 'GHS Ghanaian cedi',
    'GIP Gibraltar pound', 'GMD Gambian dalasi', 'GTQ Guatemalan quetzal', 'GYD Guyanese dollar',
    'HKD Hong Kong dollar', 'HNL Honduran lempira', 'HTG Haitian gourde', 'HUF Hungarian forint',
    'IDR Indonesian rupiah', 'ILS Israeli new shekel', 'INR Indian rupee', 'IRR Iranian rial',
    'JMD Jamaican dollar', 'KES Kenyan shilling', 'KGS Kyrgyzstani som', 'KHR Cambodian riel',
    'KPW North Korean won', 'KYD Cayman Islands dollar', 'KZT Kazakhstani tenge', 'LAK Lao kip',
    'LBP Lebanese pound', 'LKR Sri Lankan rupee', 'LRD Liberian dollar', 'LSL Lesotho loti',
    'MAD Moroccan dirham', 'MDL Moldovan leu', 'MGA Malagasy ariary', 'MKD Macedonian denar',
    'MMK Myanmar kyat', 'MNT Mongolian tögrög', 'MOP Macanese pataca', 'MRU Mauritanian ouguiya',
    'MUR Mauritian rupee', 'MVR Maldivian rufiyaa', 'MWK Malawian kwacha', 'MXN Mexican peso',
    'MYR Malaysian ringgit', 'MZN Mozambican metical', 'NAD Namibian dollar', 'NGN Nigerian naira',
    'NIO Nicaraguan córdoba', 'NOK Norwegian krone', 'NPR Nepalese rupee',
    'NZD New Zealand dollar', 'PAB Panamanian balboa', 'PEN Peruvian sol',
    'PGK Papua New Guinean kina', 'PHP Philippine peso', 'PKR Pakistani rupee', 'PLN Polish złoty',
    'QAR Qatari riyal', 'RON Romanian leu', 'RSD Serbian dinar', 'RUB Russian ruble',
    'SAR Saudi riyal', 'SBD Solomon Islands dollar', 'SCR Seychelles rupee', 'SDG Sudanese pound',
    'SEK Swedish krona', 'SGD Singapore dollar', 'SHP Saint Helena pound',
    'SLE Sierra Leonean leone', 'SOS Somali shilling', 'SRD Surinamese dollar',
    'SSP South Sudanese pound', 'STN São Tomé and Príncipe dobra', 'SVC Salvadoran colón',
    'SYP Syrian pound', 'SZL Swazi lilangeni', 'THB Thai baht', 'TJS Tajikistani somoni',
    'TMT Turkmenistan manat', 'TOP Tongan paʻanga', 'TRY Turkish lira',
    'TTD Trinidad and Tobago dollar', 'TWD New Taiwan dollar', 'TZS Tanzanian shilling',
    'UAH Ukrainian hryvnia', 'USD US dollar', 'UYU Uruguayan peso', 'UZS Uzbekistani sum',
    'VES Venezuelan bolívar', 'WST Samoan tālā', 'XCD East Caribbean dollar', 'YER Yemeni rial',
    'ZAR South African rand', 'ZMW Zambian kwacha']),
  (3, array['BHD Bahraini dinar', 'IQD Iraqi dinar', 'JOD Jordanian dinar', 'KWD Kuwaiti dinar',
    'LYD Libyan dinar', 'OMR Omani rial', 'TND Tunisian dinar'])
) as iso (digits, entries), unnest(entries) as entry;

create function private.minor_digits(currency text)
returns int
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (select c.minor_digits from public.currencies c where c.code = currency);
end
$$;
comment on function private.minor_digits is 'The decimals of a currency (ISO 4217), null for an unknown one.';
grant execute on function private.minor_digits to authenticated, service_role;

-- Idempotency keys --------------------------------------------------------------------------------
-- Kept beside the data, so that an answer is remembered exactly when its write was committed.

create table private.idempotency_keys (
  caller uuid not null,
  tenant_id uuid,
  key text not null check (length(key) between 1 and 255),
  request_hash text not null,
  answer text not null,
  created_at timestamptz not null default now(),
  unique nulls not distinct (caller, tenant_id, key)
);
comment on table private.idempotency_keys is 'First answers to POSTs with an Idempotency-Key, kept for 24 hours.';
comment on column private.idempotency_keys.answer is
  'Sealed by the functions with a key of theirs: an answer may hold what is shown once and kept nowhere.';
create index idempotency_keys_created_at_idx on private.idempotency_keys (created_at);
alter table private.idempotency_keys enable row level security;
alter table private.idempotency_keys force row level security;

create function private.begin_idempotent(caller uuid, tenant uuid, key text, request_hash text)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  kept private.idempotency_keys;
begin
  -- Held to the end of the transaction: a second request under the key meets a locked door.
  if not pg_try_advisory_xact_lock(
    hashtextextended(format('idempotency %s %s %s', caller, tenant, key), 0))
  then
    perform private.refuse(
      409, 'conflict', 'A request with this Idempotency-Key is still running. Try again shortly.');
  end if;

  select k.* into kept
  from private.idempotency_keys k
  where k.caller = begin_idempotent.caller
    and k.tenant_id is not distinct from tenant
    and k.key = begin_idempotent.key
    and k.created_at > now() - interval '24 hours';

  if not found then
    return null;
  end if;
  if kept.request_hash <> begin_idempotent.request_hash then
    perform private.refuse(
      409, 'idempotency_conflict', 'This Idempotency-Key was used with another request.');
  end if;
  return kept.answer;
end
$$;
comment on function private.begin_idempotent is
  'Null: go on. Otherwise the first answer. Refuses with 409 a key in use or used for another request.';
grant execute on function private.begin_idempotent to kontor_functions;

create function private.finish_idempotent(
  caller uuid, tenant uuid, key text, request_hash text, answer text)
returns void
language sql
security definer
set search_path = ''
as $$
  insert into private.idempotency_keys as k (caller, tenant_id, key, request_hash, answer)
  values (caller, tenant, key, request_hash, answer)
  on conflict (caller, tenant_id, key) do update
    set request_hash = excluded.request_hash, answer = excluded.answer, created_at = now()
$$;
comment on function private.finish_idempotent is
  'Remembers the answer to a request under its key, in the transaction of the request''s write.';
grant execute on function private.finish_idempotent to kontor_functions;


-- =================================================================================================
-- sql/05_tenants.sql
-- =================================================================================================

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


-- =================================================================================================
-- sql/10_tenancy.sql
-- =================================================================================================

-- Tenancy: the active tenant of a request, what a role may there, and who sees what of it.

-- The active tenant -------------------------------------------------------------------------------

create function private.api_key_id()
returns uuid
language plpgsql
stable
parallel safe
set search_path = ''
as $$
declare
  claims constant text := current_setting('request.jwt.claims', true);
begin
  -- Parsing costs, and most requests are people's.
  if claims is null or position('"api_key_id"' in claims) = 0 then
    return null;
  end if;
  return (claims::json ->> 'api_key_id')::uuid;
end
$$;
comment on function private.api_key_id is 'The API key (14_api_keys) that the request came with; null for people.';
grant execute on function private.api_key_id to authenticated, service_role;

create function private.api_key_tenant(key uuid, required public.member_role, domain text)
returns uuid
language plpgsql
stable
security definer
parallel safe
set search_path = ''
as $$
begin
  return (
    select k.tenant_id
    from public.api_keys k
    join public.memberships m on m.tenant_id = k.tenant_id and m.user_id = k.created_by
    join public.tenants t on t.id = k.tenant_id and t.deleted_at is null
    where k.id = key and k.created_by = auth.uid()
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
      and least(k.role, m.role) >= required
      and (
        k.scopes is null
        or (domain = 'tenant' and required = 'viewer')
        or domain || ':write' = any (k.scopes)
        or (domain || ':read' = any (k.scopes) and required = 'viewer')));
end
$$;
comment on function private.api_key_tenant is
  'The tenant of a live key that has the role and the scope; a key with scopes has nothing outside them but a look at its tenant.';
grant execute on function private.api_key_tenant to authenticated, service_role;

create function private.current_tenant(required public.member_role, domain text default null)
returns uuid
language plpgsql
stable
security definer
parallel safe
set search_path = ''
as $$
declare
  asked constant text := private.request_header('x-tenant-id');
  -- Here, once: as a condition it would be asked of each row.
  tenant constant uuid := private.as_uuid(asked);
  person constant uuid := auth.uid();
  key constant uuid := private.api_key_id();
  own uuid;
begin
  if key is not null then
    own := private.api_key_tenant(key, required, domain);
    return case when asked is null or tenant = own then own end;
  elsif asked is null then
    return (
      select case when count(*) = 1 then min(m.tenant_id::text) filter (where m.role >= required) end
      from public.memberships m
      join public.tenants t on t.id = m.tenant_id and t.deleted_at is null
      where m.user_id = person)::uuid;
  end if;
  return (
    select m.tenant_id
    from public.memberships m
    join public.tenants t on t.id = m.tenant_id and t.deleted_at is null
    where m.tenant_id = tenant and m.user_id = person and m.role >= required);
end
$$;
comment on function private.current_tenant is
  'The request''s active tenant: the x-tenant-id header, the caller''s only membership or the API key''s; null for who has less than the required role there. A domain names what a key''s scopes are about.';
grant execute on function private.current_tenant to authenticated, service_role;

create function private.present_session()
returns uuid
language sql
stable
set search_path = ''
as $$
  select private.as_uuid(nullif(current_setting('request.jwt.claims', true), '')::json ->> 'session_id')
$$;
comment on function private.present_session is 'The session that the caller''s token belongs to; null where the token does not say.';
grant execute on function private.present_session to authenticated, service_role;

create function private.is_session_over()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  session constant uuid := private.present_session();
begin
  return session is not null
    and not exists (select from auth.sessions s where s.id = session and s.user_id = auth.uid());
end
$$;
comment on function private.is_session_over is 'Whether the auth server has ended the session of the caller''s token, which says nothing of that itself.';
grant execute on function private.is_session_over to authenticated, service_role;

create function private.refuse_dead_token()
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  key constant uuid := private.api_key_id();
begin
  if key is null then
    if private.is_session_over() then
      perform private.refuse(401, 'unauthenticated', 'Signed out; sign in again.');
    end if;
  elsif private.api_key_tenant(key, 'viewer', 'tenant') is null then
    perform private.refuse(401, 'unauthenticated', 'This API key is not known, or no longer.');
  end if;
end
$$;
comment on function private.refuse_dead_token is
  'Who signed out, and a key that was revoked or ran out, are nobody, whatever their token says.';
grant execute on function private.refuse_dead_token to authenticated, service_role;

create function private.refuse_api_key()
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if private.api_key_id() is not null then
    perform private.refuse(403, 'forbidden', 'This is for people, not for API keys.');
  end if;
end
$$;
comment on function private.refuse_api_key is 'Refuses what a person must do themselves.';
grant execute on function private.refuse_api_key to authenticated, service_role;

create function private.require_role(required text, domain text default null)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  active constant uuid := private.current_tenant('viewer', 'tenant');
begin
  perform private.refuse_dead_token();
  if active is null then
    if private.request_header('x-tenant-id') is null then
      perform private.refuse(
        400, 'tenant_required', 'Say which tenant with the X-Tenant-Id header.');
    end if;
    perform private.refuse(403, 'forbidden', 'You do not belong to this tenant.');
  end if;
  if private.current_tenant(required::public.member_role, domain) is null then
    perform private.refuse(403, 'forbidden', case
      when private.api_key_id() is null then format('This takes the role %s.', required)
      else format('This takes the role %s, and a key whose scopes are about it.', required) end);
  end if;
  return active;
end
$$;
comment on function private.require_role is
  'The active tenant, or a refusal: 400 tenant_required, 403 forbidden for strangers, for lesser roles and for keys without the scope, 401 for a session or a key that is no more.';
grant execute on function private.require_role to authenticated;

create function private.check_request()
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if current_user = 'authenticated' then
    perform private.refuse_dead_token();
    if private.request_header('x-tenant-id') is not null
      and private.current_tenant('viewer', 'tenant') is null
    then
      perform private.refuse(403, 'forbidden', 'You do not belong to this tenant.');
    end if;
  end if;
end
$$;
comment on function private.check_request is
  'PostgREST''s pre-request: refuses a tenant that the caller does not belong to, and a session or a key that is no more.';
grant execute on function private.check_request to authenticated, service_role;

create function private.guard_tenant()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  -- Runs with the caller's rights and before every other trigger, so that no rule of another
  -- tenant (its custom fields, its number series) is ever consulted for a stranger.
  if current_user <> 'authenticated' then
    return new;
  end if;
  if new.tenant_id is null then
    -- The default found no tenant to write in; this says why.
    perform private.require_role('member', tg_argv[0]);
  end if;
  if new.tenant_id is null
    or new.tenant_id is distinct from private.current_tenant('member', tg_argv[0])
  then
    raise insufficient_privilege using
      message = 'forbidden', detail = 'You may not write in this tenant.';
  end if;
  return new;
end
$$;
comment on function private.guard_tenant is 'BEFORE INSERT, first of all triggers: callers write only into their active tenant. Argument: the domain that scopes name.';

-- Grants and policies -----------------------------------------------------------------------------

alter table public.people enable row level security;
alter table public.people force row level security;
alter table public.tenants enable row level security;
alter table public.tenants force row level security;
alter table public.memberships enable row level security;
alter table public.memberships force row level security;

grant select on public.people, public.tenants, public.memberships to authenticated, service_role;
grant update (name) on public.people to authenticated;
grant update (name, currency, time_zone, locale, order_prefix, address, tax_id, phone, email)
  on public.tenants to authenticated, service_role;
grant update (role) on public.memberships to authenticated, service_role;

create policy "people see themselves and the members of their tenant"
  on public.people for select to authenticated
  using (
    id = (select auth.uid())
    or id in (
      select m.user_id from public.memberships m
      where m.tenant_id = (select private.current_tenant('viewer'))));
create policy "people rename themselves"
  on public.people for update to authenticated
  using (id = (select auth.uid()) and (select private.api_key_id()) is null)
  with check (id = (select auth.uid()));

create policy "members read their tenant"
  on public.tenants for select to authenticated
  using (id = (select private.current_tenant('viewer', 'tenant')));
create policy "admins change their tenant"
  on public.tenants for update to authenticated
  using (id = (select private.current_tenant('admin')))
  with check (id = (select private.current_tenant('admin')));

create policy "members see who else is a member"
  on public.memberships for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer')));
create policy "admins change roles"
  on public.memberships for update to authenticated
  using (tenant_id = (select private.current_tenant('admin')))
  with check (tenant_id = (select private.current_tenant('admin')));


-- =================================================================================================
-- sql/11_members.sql
-- =================================================================================================

-- Members: who may give which role to whom, and what people do with tenants and with one another.

-- Rules of memberships ----------------------------------------------------------------------------

create function private.role_of(tenant uuid, person uuid)
returns public.member_role
language sql
stable
security definer
set search_path = ''
as $$
  select role from public.memberships where tenant_id = tenant and user_id = person
$$;
comment on function private.role_of is 'The role of a person in a tenant, null for strangers.';

create function private.own_role(tenant uuid)
returns public.member_role
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  own constant public.member_role := private.role_of(tenant, auth.uid());
  key constant uuid := private.api_key_id();
begin
  -- A key with scopes manages nothing.
  return case when key is null then own else (
    select least(own, k.role) from public.api_keys k
    where k.id = key and private.api_key_tenant(key, 'viewer', null) = tenant) end;
end
$$;
comment on function private.own_role is 'The caller''s role in a tenant, null for strangers; for an API key at most its own.';

create function private.refuse_above_own_role(tenant uuid, granted public.member_role)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  own public.member_role := private.own_role(tenant);
begin
  -- Owners may everything; everybody else only below their own role.
  if own is distinct from 'owner' and not coalesce(granted < own, false) then
    perform private.refuse(403, 'forbidden', 'You can only manage roles below your own.');
  end if;
end
$$;

create function private.guard_membership()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  leaves constant boolean := tg_op = 'DELETE';
begin
  if auth.uid() is not null
    and not (leaves and old.user_id = auth.uid() and private.api_key_id() is null)
  then
    perform private.refuse_above_own_role(old.tenant_id, old.role);
    if not leaves then
      perform private.refuse_above_own_role(new.tenant_id, new.role);
    end if;
  end if;

  if old.role = 'owner' and (leaves or new.role <> 'owner') then
    -- Two owners who unmake each other at once wait here for one another. The row is gone when the
    -- tenant itself is being deleted, and then nobody needs to own it.
    perform from public.tenants where id = old.tenant_id for no key update;
    if found and not exists (
      select from public.memberships
      where tenant_id = old.tenant_id and role = 'owner' and user_id <> old.user_id)
    then
      perform private.refuse(409, 'last_owner', 'A tenant always has an owner. Make somebody else one first.');
    end if;
  end if;
  return case when leaves then old else new end;
end
$$;
comment on function private.guard_membership is
  'Roles are managed from above, and a tenant never loses its last owner.';
create trigger guard_membership before update or delete on public.memberships
  for each row execute function private.guard_membership();

-- What people do with tenants and members ---------------------------------------------------------

create function public.my_tenants()
returns json
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_object(
    'id', t.id, 'slug', t.slug, 'name', t.name, 'role', m.role,
    'currency', t.currency, 'time_zone', t.time_zone, 'locale', t.locale,
    'order_prefix', t.order_prefix, 'address', t.address, 'tax_id', t.tax_id, 'phone', t.phone,
    'email', t.email, 'logo_id', t.logo_id, 'version', t.version) order by t.name, t.id), '[]')
  from public.memberships m
  join public.tenants t on t.id = m.tenant_id
  where m.user_id = auth.uid() and t.deleted_at is null
    and (private.api_key_id() is null or t.id = private.current_tenant('viewer', 'tenant'))
$$;
comment on function public.my_tenants is 'The tenants that the caller belongs to, with the role in each; an API key''s own.';
grant execute on function public.my_tenants to authenticated;

create function private.my_tenant(tenant uuid)
returns json
language sql
stable
set search_path = ''
as $$
  select t from json_array_elements(public.my_tenants()) as t where t ->> 'id' = tenant::text
$$;

create function public.create_tenant(payload jsonb)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  made uuid;
begin
  perform private.refuse_api_key();
  perform private.refuse_unknown_keys(payload, array['name', 'slug', 'currency', 'time_zone', 'locale']);
  if not exists (select from public.people where id = auth.uid()) then
    perform private.refuse(401, 'unauthenticated', 'Sign in first.');
  end if;
  -- Each may send mails in its name: nobody gets as many as they like.
  if (select count(*) from public.memberships where user_id = auth.uid() and role = 'owner') >= 50 then
    perform private.refuse(409, 'conflict', 'You own fifty tenants, and nobody makes more.');
  end if;
  if not exists (select from public.currencies where code = payload ->> 'currency') then
    perform private.refuse(422, 'validation_failed', 'Not an ISO 4217 currency.', 'currency');
  end if;
  if exists (select from public.tenants where slug = payload ->> 'slug') then
    perform private.refuse(409, 'conflict', 'This short name is taken. Choose another.', 'slug');
  end if;

  insert into public.tenants (name, slug, currency, time_zone, locale)
  values (
    btrim(payload ->> 'name'), payload ->> 'slug', payload ->> 'currency',
    payload ->> 'time_zone', coalesce(payload ->> 'locale', 'en'))
  returning id into made;
  insert into public.memberships (tenant_id, user_id, role) values (made, auth.uid(), 'owner');
  return private.my_tenant(made);
end
$$;
comment on function public.create_tenant is
  'Makes a tenant of {name, slug, currency, time_zone, locale?} and the caller its owner.';
grant execute on function public.create_tenant to authenticated;

create function private.require_role_in(tenant uuid, required public.member_role)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  own public.member_role := private.own_role(tenant);
begin
  if own is null or exists (
    select from public.tenants where id = tenant and deleted_at is not null)
  then
    perform private.refuse(404, 'not_found', 'There is no such tenant.');
  end if;
  if own < required then
    perform private.refuse(403, 'forbidden', format('This takes the role %s.', required));
  end if;
end
$$;

create function public.update_tenant(id uuid, patch jsonb, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  present public.tenants;
begin
  perform private.require_role_in(update_tenant.id, 'admin');
  perform private.refuse_unknown_keys(
    patch, array['name', 'currency', 'time_zone', 'locale', 'order_prefix', 'address', 'tax_id',
      'phone', 'email', 'logo_id']);
  select t.* into present from public.tenants t where t.id = update_tenant.id for no key update;
  perform private.matches_version(present.version, expected_version);
  if patch ? 'currency' and not exists (select from public.currencies where code = patch ->> 'currency') then
    perform private.refuse(422, 'validation_failed', 'Not an ISO 4217 currency.', 'currency');
  end if;

  present := jsonb_populate_record(present, patch);
  update public.tenants t
  set name = btrim(present.name), currency = present.currency, time_zone = present.time_zone,
      locale = present.locale, order_prefix = present.order_prefix,
      -- What a patch sets to null is a JSON null here.
      address = nullif(present.address, 'null'), tax_id = present.tax_id,
      phone = present.phone, email = present.email, logo_id = present.logo_id
  where t.id = update_tenant.id;
  return private.my_tenant(update_tenant.id);
end
$$;
comment on function public.update_tenant is 'Changes a tenant''s settings; admins and owners.';
grant execute on function public.update_tenant to authenticated;

create function public.delete_tenant(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_role_in(delete_tenant.id, 'owner');
  -- Out of everybody's sight at once; an operator can bring it back, or erase it for good.
  update public.tenants t set deleted_at = now() where t.id = delete_tenant.id;
end
$$;
comment on function public.delete_tenant is 'Puts a tenant out of sight; owners only.';
grant execute on function public.delete_tenant to authenticated;

create function public.list_members()
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('viewer');
begin
  return (
    select coalesce(json_agg(json_build_object(
      'user_id', m.user_id, 'email', p.email, 'name', p.name, 'role', m.role,
      'joined_at', m.created_at) order by m.role desc, p.email), '[]')
    from public.memberships m join public.people p on p.id = m.user_id
    where m.tenant_id = tenant);
end
$$;
comment on function public.list_members is 'The members of the active tenant.';
grant execute on function public.list_members to authenticated;

create function private.require_member(member uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if private.role_of(private.require_role('viewer'), member) is null then
    perform private.refuse(404, 'not_found', 'There is no such member.');
  end if;
end
$$;

create function public.set_member_role(user_id uuid, role text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.require_member(set_member_role.user_id);
  update public.memberships m set role = set_member_role.role::public.member_role
  where m.tenant_id = tenant and m.user_id = set_member_role.user_id;
  return (
    select member from json_array_elements(public.list_members()) as member
    where member ->> 'user_id' = set_member_role.user_id::text);
end
$$;
comment on function public.set_member_role is 'Gives a member another role; admins below their own, owners any.';
grant execute on function public.set_member_role to authenticated;

create function public.remove_member(user_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role(
    case when remove_member.user_id = auth.uid() and private.api_key_id() is null
      then 'viewer' else 'admin' end);
begin
  perform private.require_member(remove_member.user_id);
  delete from public.memberships m
  where m.tenant_id = tenant and m.user_id = remove_member.user_id;
end
$$;
comment on function public.remove_member is 'Takes somebody out of the active tenant; anybody may leave.';
grant execute on function public.remove_member to authenticated;


-- =================================================================================================
-- sql/12_invitations.sql
-- =================================================================================================

-- Invitations: how somebody becomes a member. A token that only its receiver has, used once, in time.

create table public.invitations (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  email text not null constraint invitations_email_format
    check (email = lower(email) and char_length(email) <= 320 and email ~ '^[^@\s]+@[^@\s]+$'),
  role public.member_role not null,
  token_hash bytea not null unique,
  mailed_token_hash bytea unique,
  invited_by uuid references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.invitations is 'Offers of a membership, taken once with a token that only its receiver has.';
comment on column public.invitations.token_hash is 'SHA-256 of the token; the token itself is never stored.';
comment on column public.invitations.mailed_token_hash is 'SHA-256 of the token in the mail, which is made when the mail is.';
create unique index invitations_pending_key on public.invitations (tenant_id, email)
  where accepted_at is null;

alter table public.invitations enable row level security;
alter table public.invitations force row level security;
create policy "admins see the invitations"
  on public.invitations for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));
grant select (tenant_id, id, email, role, invited_by, created_at, expires_at, accepted_at)
  on public.invitations to authenticated, service_role;

create function private.invitation_document(i public.invitations)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', i.id, 'email', i.email, 'role', i.role, 'invited_by', i.invited_by,
    'created_at', i.created_at, 'expires_at', i.expires_at, 'accepted_at', i.accepted_at)
$$;

create function public.invite_member(email text, role text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  tenant uuid := private.require_role('admin');
  address text := lower(btrim(invite_member.email));
  -- Two random UUIDs carry 244 random bits.
  token text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  made public.invitations;
begin
  perform private.refuse_above_own_role(tenant, invite_member.role::public.member_role);
  if exists (
    select from public.memberships m join public.people p on p.id = m.user_id
    where m.tenant_id = tenant and p.email = address)
  then
    perform private.refuse(409, 'conflict', 'This person is a member already.', 'email');
  end if;
  -- An open offer of a higher role is not to be replaced from below.
  perform private.refuse_above_own_role(tenant, i.role) from public.invitations i
  where i.tenant_id = tenant and i.email = address and i.accepted_at is null for no key update;
  -- Inviting again sends a fresh token and lets the old one lapse.
  insert into public.invitations as i (tenant_id, email, role, token_hash, invited_by)
  values (tenant, address, invite_member.role::public.member_role, sha256(convert_to(token, 'UTF8')), auth.uid())
  on conflict (tenant_id, email) where accepted_at is null do update
    set role = excluded.role, token_hash = excluded.token_hash, mailed_token_hash = null, invited_by = excluded.invited_by,
        created_at = now(), expires_at = excluded.expires_at
  returning i.* into made;
  perform private.enqueue_email(
    tenant, 'invitation', made.email, jsonb_build_object('invitation_id', made.id));
  return private.invitation_document(made) || jsonb_build_object('token', token);
end
$$;
comment on function public.invite_member is
  'Invites an address into the active tenant and mails it; the token is in this answer and nowhere else, the mail has its own.';
grant execute on function public.invite_member to authenticated;

create function public.list_invitations()
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
    select coalesce(json_agg(private.invitation_document(i) order by i.created_at desc, i.id desc), '[]')
    from public.invitations i where i.tenant_id = tenant and i.accepted_at is null);
end
$$;
comment on function public.list_invitations is 'The invitations of the active tenant that nobody has taken yet.';
grant execute on function public.list_invitations to authenticated;

create function public.revoke_invitation(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.refuse_above_own_role(tenant, i.role) from public.invitations i
  where i.tenant_id = tenant and i.id = revoke_invitation.id and i.accepted_at is null for no key update;
  delete from public.invitations i
  where i.tenant_id = tenant and i.id = revoke_invitation.id and i.accepted_at is null;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such open invitation.');
  end if;
end
$$;
comment on function public.revoke_invitation is 'Takes an open invitation back.';
grant execute on function public.revoke_invitation to authenticated;

create function public.accept_invitation(token text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  offer public.invitations;
begin
  perform private.refuse_api_key();
  select i.* into offer from public.invitations i
  where sha256(convert_to(accept_invitation.token, 'UTF8')) in (i.token_hash, i.mailed_token_hash)
  for update;
  if not found or exists (
    select from public.tenants t where t.id = offer.tenant_id and t.deleted_at is not null)
  then
    perform private.refuse(404, 'not_found', 'This invitation does not exist, or was taken back.');
  end if;
  if offer.email is distinct from (select p.email from public.people p where p.id = auth.uid()) then
    perform private.refuse(403, 'forbidden', 'This invitation is for another address. Sign in with that one.');
  end if;
  if offer.accepted_at is not null then
    perform private.refuse(409, 'conflict', 'This invitation was used already.');
  end if;
  if offer.expires_at <= now() then
    perform private.refuse(409, 'conflict', 'This invitation has expired. Ask for a new one.');
  end if;

  insert into public.memberships (tenant_id, user_id, role)
  values (offer.tenant_id, auth.uid(), offer.role)
  on conflict do nothing;
  update public.invitations i set accepted_at = now()
  where i.tenant_id = offer.tenant_id and i.id = offer.id;
  return private.my_tenant(offer.tenant_id);
end
$$;
comment on function public.accept_invitation is
  'Makes the caller a member by an invitation to their own address; once, before it expires.';
grant execute on function public.accept_invitation to authenticated;

create function private.look_at_invitation(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  found jsonb;
begin
  select jsonb_build_object(
    'tenant', t.name, 'role', i.role, 'email', i.email, 'invited_by', coalesce(p.name, p.email),
    'expires_at', i.expires_at,
    'state', case
      when i.accepted_at is not null then 'accepted'
      when i.expires_at <= now() then 'expired'
      else 'open' end)
  into found
  from public.invitations i
  join public.tenants t on t.id = i.tenant_id and t.deleted_at is null
  left join public.people p on p.id = i.invited_by
  where sha256(convert_to(look_at_invitation.token, 'UTF8')) in (i.token_hash, i.mailed_token_hash);
  if found is null then
    perform private.refuse(404, 'not_found', 'This invitation does not exist, or was taken back.');
  end if;
  return found;
end
$$;
comment on function private.look_at_invitation is
  'What somebody is invited to. Whoever has the token may know: it is their invitation, before they have an account even.';
grant execute on function private.look_at_invitation to kontor_functions;


-- =================================================================================================
-- sql/14_api_keys.sql
-- =================================================================================================

-- API keys: how machines come in. A key belongs to a tenant and acts for the person who made it, with at
-- most the key's own role and scopes; private.current_tenant() looks at it in every request.

create table public.api_keys (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null unique default private.uuid_v7(),
  label text not null constraint api_keys_label_length check (char_length(btrim(label)) between 1 and 200),
  prefix text not null unique,
  key_hash bytea not null,
  role public.member_role not null,
  scopes text[] constraint api_keys_scopes_known check (
    scopes <@ array['orders:read', 'orders:write', 'customers:read', 'customers:write', 'products:read',
      'products:write', 'files:read', 'files:write', 'exports:read', 'exports:write']
    and cardinality(scopes) > 0),
  created_by uuid not null references public.people (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  last_used_ip inet,
  revoked_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.api_keys is 'Keys of machines. Made by rpc create_api_key, which alone shows one.';
comment on column public.api_keys.prefix is 'What everybody may see of the key: kontor_<prefix>_….';
comment on column public.api_keys.key_hash is 'SHA-256 of the whole key; it has 240 random bits, so nothing slower is needed.';
comment on column public.api_keys.role is 'At most this; and at most what the person who made it is now.';
comment on column public.api_keys.scopes is 'Only these, <domain>:read or <domain>:write (which reads, too); null for whatever the role may.';
comment on column public.api_keys.last_used_at is 'To the minute.';
create index api_keys_created_by_idx on public.api_keys (created_by);

alter table public.api_keys enable row level security;
alter table public.api_keys force row level security;
grant select (tenant_id, id, label, prefix, role, scopes, created_by, created_at, expires_at, last_used_at,
  last_used_ip, revoked_at) on public.api_keys to authenticated, service_role;
create policy "admins see the keys of their tenant"
  on public.api_keys for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));

create function private.api_key_document(k public.api_keys)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', k.id, 'label', k.label, 'prefix', k.prefix, 'role', k.role, 'scopes', k.scopes,
    'created_by', k.created_by, 'created_at', k.created_at, 'expires_at', k.expires_at,
    'last_used_at', k.last_used_at, 'last_used_ip', host(k.last_used_ip), 'revoked_at', k.revoked_at)
$$;

create function public.create_api_key(payload jsonb)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  prefix constant text := substr(replace(gen_random_uuid()::text, '-', ''), 1, 10);
  key constant text := format('kontor_%s_%s', prefix,
    replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));
  made public.api_keys;
begin
  perform private.refuse_api_key();
  perform private.refuse_unknown_keys(payload, array['label', 'role', 'scopes', 'expires_at']);
  if (payload ->> 'role')::public.member_role > private.role_of(tenant, auth.uid()) then
    perform private.refuse(403, 'forbidden', 'A key has at most your own role.', 'role');
  end if;
  -- Without a list a key may whatever its role may: what is meant as one and is none must not pass.
  if jsonb_typeof(payload -> 'scopes') not in ('array', 'null') then
    perform private.refuse(422, 'validation_failed', 'Expected a list of scopes.', 'scopes');
  end if;
  if (payload ->> 'expires_at')::timestamptz <= now() then
    perform private.refuse(422, 'validation_failed', 'This lies in the past.', 'expires_at');
  end if;
  if (select count(*) from public.api_keys k where k.tenant_id = tenant and k.revoked_at is null) >= 100 then
    perform private.refuse(409, 'conflict', 'A tenant has a hundred keys at most. Revoke one first.');
  end if;
  insert into public.api_keys (tenant_id, label, prefix, key_hash, role, scopes, created_by, expires_at)
  values (
    tenant, btrim(payload ->> 'label'), prefix, sha256(convert_to(key, 'UTF8')),
    (payload ->> 'role')::public.member_role,
    case when jsonb_typeof(payload -> 'scopes') = 'array'
      then array(select distinct jsonb_array_elements_text(payload -> 'scopes') order by 1) end,
    auth.uid(), (payload ->> 'expires_at')::timestamptz)
  returning * into made;
  return private.api_key_document(made) || jsonb_build_object('key', key);
end
$$;
comment on function public.create_api_key is
  'Makes a key of {label, role, scopes?, expires_at?}; the answer alone holds it, as `key`. Admins.';
grant execute on function public.create_api_key to authenticated;

create function public.list_api_keys()
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
    select coalesce(json_agg(private.api_key_document(k) order by k.id desc), '[]')
    from public.api_keys k where k.tenant_id = tenant);
end
$$;
comment on function public.list_api_keys is 'The active tenant''s keys, newest first, those that were revoked too. Admins.';
grant execute on function public.list_api_keys to authenticated;

create function public.revoke_api_key(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.refuse_api_key();
  update public.api_keys k set revoked_at = now()
  where k.tenant_id = tenant and k.id = revoke_api_key.id and k.revoked_at is null;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such key, or it was revoked already.');
  end if;
end
$$;
comment on function public.revoke_api_key is 'Ends a key of the active tenant, at once. Admins.';
grant execute on function public.revoke_api_key to authenticated;

create function private.find_api_key(key text, address inet)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  found public.api_keys;
begin
  select k.* into found
  from public.api_keys k
  join public.memberships m on m.tenant_id = k.tenant_id and m.user_id = k.created_by
  join public.tenants t on t.id = k.tenant_id and t.deleted_at is null
  where k.prefix = split_part(key, '_', 2) and k.key_hash = sha256(convert_to(key, 'UTF8'))
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
  if found.id is null then
    return null;
  end if;
  -- One write a minute at most, and nobody waits for another's.
  if found.last_used_at is null or found.last_used_at < now() - interval '1 minute' then
    update public.api_keys k set last_used_at = now(), last_used_ip = address
    where k.ctid = (select l.ctid from public.api_keys l
      where l.tenant_id = found.tenant_id and l.id = found.id for no key update skip locked);
  end if;
  return json_build_object('id', found.id, 'tenant_id', found.tenant_id, 'created_by', found.created_by,
    'expires_at', found.expires_at);
end
$$;
comment on function private.find_api_key is
  'The live key behind what a machine sent: {id, tenant_id, created_by, expires_at}, else null; notes that it was used.';
grant execute on function private.find_api_key to kontor_functions;


-- =================================================================================================
-- sql/15_custom_fields.sql
-- =================================================================================================

-- Custom fields: what a tenant keeps about its customers, products and orders beyond our columns.

create type public.custom_field_type as enum ('text', 'number', 'date', 'boolean', 'choice');

create function private.are_choices(choices text[])
returns boolean
language sql
immutable
set search_path = ''
as $$
  select cardinality(choices) <= 100
    and coalesce(bool_and(char_length(btrim(choice)) between 1 and 200), true)
    and count(choice) = count(distinct choice)
  from unnest(choices) as choice
$$;
comment on function private.are_choices is 'At most 100 different texts, none of them empty.';
grant execute on function private.are_choices to authenticated, service_role;

create table public.custom_fields (
  tenant_id uuid not null default private.current_tenant('admin')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  entity text not null constraint custom_fields_entity_known
    check (entity in ('customer', 'product', 'order')),
  key text not null constraint custom_fields_key_format check (key ~ '^[a-z][a-z0-9_]{0,62}$'),
  label text not null constraint custom_fields_label_length
    check (char_length(btrim(label)) between 1 and 100),
  type public.custom_field_type not null,
  required boolean not null default false,
  choices text[] not null default '{}' constraint custom_fields_choices_fit
    check (private.are_choices(choices)),
  position int not null default 0,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint custom_fields_key_key unique (tenant_id, entity, key),
  constraint custom_fields_choices_given check ((type = 'choice') = (cardinality(choices) > 0))
);
comment on table public.custom_fields is
  'The custom fields of a tenant. Until an entity has one, its custom object is free-form; from then on it is checked.';
comment on column public.custom_fields.key is 'The field''s name in the custom object.';
comment on column public.custom_fields.choices is 'What a field of type choice may hold.';

alter table public.custom_fields enable row level security;
alter table public.custom_fields force row level security;
grant select on public.custom_fields to authenticated, service_role;
grant insert (tenant_id, entity, key, label, type, required, choices, position),
  update (label, required, choices, position), delete
  on public.custom_fields to authenticated, service_role;

create policy "members read the custom fields"
  on public.custom_fields for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'tenant')));
create policy "admins add custom fields"
  on public.custom_fields for insert to authenticated
  with check (tenant_id = (select private.current_tenant('admin')));
create policy "admins change custom fields"
  on public.custom_fields for update to authenticated
  using (tenant_id = (select private.current_tenant('admin')))
  with check (tenant_id = (select private.current_tenant('admin')));
create policy "admins remove custom fields"
  on public.custom_fields for delete to authenticated
  using (tenant_id = (select private.current_tenant('admin')));

create trigger "10_guard_tenant" before insert on public.custom_fields
  for each row execute function private.guard_tenant();

create function private.fits_custom_field(field public.custom_fields, value jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case field.type
    when 'text' then jsonb_typeof(value) = 'string' and char_length(value #>> '{}') <= 1000
    when 'number' then jsonb_typeof(value) = 'number'
    when 'boolean' then jsonb_typeof(value) = 'boolean'
    when 'date' then jsonb_typeof(value) = 'string'
      and private.as_date(value #>> '{}') is not null
    when 'choice' then jsonb_typeof(value) = 'string' and value #>> '{}' = any (field.choices)
  end
$$;

create function private.check_custom()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  kind constant text := tg_argv[0];
  field public.custom_fields;
  defined int := 0;
  value jsonb;
begin
  if tg_op = 'UPDATE' and new.custom = old.custom then
    return new;
  end if;
  if jsonb_typeof(new.custom) <> 'object' or octet_length(new.custom::text) > 65536 then
    perform private.refuse(422, 'validation_failed', 'Expected an object of at most 64 KiB.', 'custom');
  end if;

  for field in
    select f.* from public.custom_fields f
    where f.tenant_id = new.tenant_id and f.entity = kind
  loop
    defined := defined + 1;
    value := nullif(new.custom -> field.key, 'null');
    if value is null and field.required then
      perform private.refuse(
        422, 'validation_failed', format('%s is required.', field.label), 'custom.' || field.key);
    elsif value is not null and not private.fits_custom_field(field, value) then
      perform private.refuse(
        422, 'validation_failed',
        case when field.type = 'choice'
          then format('%s is one of: %s.', field.label, array_to_string(field.choices, ', '))
          else format('%s is a %s.', field.label, field.type) end,
        'custom.' || field.key);
    end if;
  end loop;

  if defined > 0 then
    perform private.refuse_unknown_keys(
      new.custom,
      array(select f.key from public.custom_fields f
        where f.tenant_id = new.tenant_id and f.entity = kind),
      'custom.');
  end if;
  return new;
end
$$;
comment on function private.check_custom is
  'BEFORE INSERT OR UPDATE: the custom object against the tenant''s definitions of the entity named by the argument.';

-- What admins do with them -------------------------------------------------------------------------

create function private.limit_custom_fields()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Two at once must not both be the last one.
  perform from public.tenants t where t.id = new.tenant_id for no key update;
  if (select count(*) from public.custom_fields f
      where f.tenant_id = new.tenant_id and f.entity = new.entity) >= 100
  then
    perform private.refuse(409, 'conflict', 'There are 100 fields already; remove one first.');
  end if;
  return new;
end
$$;
comment on function private.limit_custom_fields is 'BEFORE INSERT: at most 100 fields for an entity; every write of a record is held against them.';
create trigger "20_limit_custom_fields" before insert on public.custom_fields
  for each row execute function private.limit_custom_fields();

create function private.custom_field_document(field public.custom_fields)
returns json
language sql
stable
set search_path = ''
as $$
  select json_build_object(
    'id', field.id, 'entity', field.entity, 'key', field.key, 'label', field.label,
    'type', field.type, 'required', field.required, 'choices', field.choices,
    'position', field.position, 'created_at', field.created_at)
$$;
grant execute on function private.custom_field_document to authenticated;

create function public.list_custom_fields(entity text default null)
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('viewer', 'tenant');
begin
  return (
    select coalesce(json_agg(private.custom_field_document(f) order by f.entity, f.position, f.id), '[]')
    from public.custom_fields f
    where f.tenant_id = tenant and f.entity = coalesce(list_custom_fields.entity, f.entity));
end
$$;
comment on function public.list_custom_fields is 'The active tenant''s custom fields, of one entity or of all, in the order of forms.';
grant execute on function public.list_custom_fields to authenticated;

create function public.create_custom_field(payload jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  input public.custom_fields;
  made public.custom_fields;
begin
  perform private.refuse_unknown_keys(
    payload, array['entity', 'key', 'label', 'type', 'required', 'choices', 'position']);
  input := jsonb_populate_record(null::public.custom_fields, payload);
  insert into public.custom_fields (tenant_id, entity, key, label, type, required, choices, position)
  values (
    tenant, input.entity, input.key, btrim(input.label), input.type, coalesce(input.required, false),
    coalesce(input.choices, '{}'),
    coalesce(input.position, (
      select coalesce(max(f.position), 0) + 1 from public.custom_fields f
      where f.tenant_id = tenant and f.entity = input.entity)))
  returning * into made;
  return private.custom_field_document(made);
end
$$;
comment on function public.create_custom_field is
  'Adds a custom field {entity, key, label, type, required?, choices?, position?}; admins. What is stored is not looked at again until its custom object changes.';
grant execute on function public.create_custom_field to authenticated;

create function public.update_custom_field(id uuid, patch jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  present public.custom_fields;
begin
  perform private.refuse_unknown_keys(patch, array['label', 'required', 'choices', 'position']);
  select f.* into present from public.custom_fields f
  where f.tenant_id = tenant and f.id = update_custom_field.id for update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such field.');
  end if;
  present := jsonb_populate_record(present, patch);
  update public.custom_fields f
  set label = btrim(present.label), required = present.required, choices = present.choices,
    position = present.position
  where f.tenant_id = tenant and f.id = update_custom_field.id
  returning * into present;
  return private.custom_field_document(present);
end
$$;
comment on function public.update_custom_field is 'Changes what a custom field is called, asks for and offers; its key and type stay. Admins.';
grant execute on function public.update_custom_field to authenticated;

create function public.delete_custom_field(id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  delete from public.custom_fields f where f.tenant_id = tenant and f.id = delete_custom_field.id;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such field.');
  end if;
end
$$;
comment on function public.delete_custom_field is
  'Removes a custom field; admins. Records keep what they hold in it until their custom object changes.';
grant execute on function public.delete_custom_field to authenticated;


-- =================================================================================================
-- sql/20_customers.sql
-- =================================================================================================

-- Customers: the companies and people that a tenant sells to.

create type public.customer_kind as enum ('company', 'person');

create function private.are_tags(tags text[])
returns boolean
language sql
immutable
set search_path = ''
as $$
  select not exists (
    select from unnest(tags) as tag
    where tag is null or btrim(tag) = '' or char_length(tag) > 1000)
$$;
comment on function private.are_tags is 'Whether each is a text of 1 to 1,000 characters.';
grant execute on function private.are_tags to authenticated, service_role;

create table public.customers (
  tenant_id uuid not null default private.current_tenant('member', 'customers')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  kind public.customer_kind not null default 'company',
  name text not null constraint customers_name_length
    check (char_length(btrim(name)) >= 1 and char_length(name) <= 1000),
  email text constraint customers_email_format
    check (char_length(email) <= 320 and email ~ '^[^\s@]+@[^\s@]+$'),
  phone text constraint customers_phone_length check (char_length(phone) <= 1000),
  tax_id text constraint customers_tax_id_length check (char_length(tax_id) <= 1000),
  billing_address jsonb constraint customers_billing_address_object
    check (jsonb_typeof(billing_address) = 'object' and octet_length(billing_address::text) <= 16384
      and not billing_address @? 'strict $.* ? (@.type() != "string")'),
  shipping_address jsonb constraint customers_shipping_address_object
    check (jsonb_typeof(shipping_address) = 'object' and octet_length(shipping_address::text) <= 16384
      and not shipping_address @? 'strict $.* ? (@.type() != "string")'),
  tags text[] not null default '{}' constraint customers_tags_range
    check (cardinality(tags) <= 50 and private.are_tags(tags)),
  custom jsonb not null default '{}',
  version int not null default 1,
  created_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.customers is 'The companies and people that the tenant sells to.';
comment on column public.customers.tax_id is 'VAT or other tax number, as the customer gave it.';
comment on column public.customers.billing_address is 'An object of text fields: line1, line2, postal_code, city, region, country …';
comment on column public.customers.custom is 'The tenant''s own fields, checked against custom_fields.';
comment on column public.customers.version is 'Moves with every change; the ETag.';
comment on column public.customers.deleted_at is 'When it went to the trash; null while it is live.';

-- A name may be longer than an index entry can be; lists sort by its beginning.
create index customers_name_idx on public.customers (tenant_id, left(name, 250), id) where deleted_at is null;
create index customers_created_at_idx on public.customers (tenant_id, created_at desc, id desc)
  where deleted_at is null;
create index customers_trash_idx on public.customers (tenant_id, created_at desc, id desc)
  where deleted_at is not null;
-- Without fastupdate, here and in the other search indexes: its list of pending entries is read by
-- every search, and a few hundred new rows made searches three times as slow.
create index customers_search_idx on public.customers using gin (
  tenant_id extensions.uuid_ops,
  name extensions.gin_trgm_ops, email extensions.gin_trgm_ops, phone extensions.gin_trgm_ops,
  tax_id extensions.gin_trgm_ops)
  with (fastupdate = off);

alter table public.customers enable row level security;
alter table public.customers force row level security;
grant select on public.customers to authenticated, service_role;
grant insert (tenant_id, kind, name, email, phone, tax_id, billing_address, shipping_address, tags, custom),
  update (kind, name, email, phone, tax_id, billing_address, shipping_address, tags, custom)
  on public.customers to authenticated, service_role;

create policy "members read their tenant's customers"
  on public.customers for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'customers')));
create policy "members who write add customers"
  on public.customers for insert to authenticated
  with check (tenant_id = (select private.current_tenant('member', 'customers')));
create policy "members who write change customers"
  on public.customers for update to authenticated
  using (tenant_id = (select private.current_tenant('member', 'customers')))
  with check (tenant_id = (select private.current_tenant('member', 'customers')));

create trigger "10_guard_tenant" before insert on public.customers
  for each row execute function private.guard_tenant('customers');
create trigger "20_check_custom" before insert or update on public.customers
  for each row execute function private.check_custom('customer');
create trigger "30_keep_version" before update on public.customers
  for each row execute function private.keep_version();

create view private.customer_documents with (security_invoker) as
select
  c.tenant_id, c.id, c.kind, c.name, left(c.name, 250) as sort_name, c.email, c.tags,
  c.created_at, c.updated_at, c.version, c.deleted_at,
  json_build_object(
    'id', c.id, 'kind', c.kind, 'name', c.name, 'email', c.email, 'phone', c.phone,
    'tax_id', c.tax_id, 'billing_address', c.billing_address,
    'shipping_address', c.shipping_address, 'tags', c.tags, 'custom', c.custom,
    'version', c.version, 'created_by', c.created_by, 'created_at', c.created_at,
    'updated_at', c.updated_at, 'deleted_at', c.deleted_at) as document
from public.customers c;
comment on view private.customer_documents is 'A customer as every answer shows it, with the columns that lists sort and filter by.';
grant select on private.customer_documents to authenticated, service_role;

create function private.customer_document(id uuid)
returns json
language sql
stable
set search_path = ''
as $$
  select d.document from private.customer_documents d
  where d.tenant_id = private.current_tenant('viewer', 'customers') and d.id = customer_document.id
$$;
grant execute on function private.customer_document to authenticated;

-- Writing ------------------------------------------------------------------------------------------

create function public.create_customer(payload jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'customers');
  made uuid;
  input public.customers;
begin
  perform private.refuse_unknown_keys(payload, array[
    'kind', 'name', 'email', 'phone', 'tax_id', 'billing_address', 'shipping_address', 'tags', 'custom']);
  input := jsonb_populate_record(null::public.customers, jsonb_strip_nulls(payload));
  insert into public.customers (
    tenant_id, kind, name, email, phone, tax_id, billing_address, shipping_address, tags, custom)
  values (
    tenant, coalesce(input.kind, 'company'), input.name, input.email, input.phone, input.tax_id,
    input.billing_address, input.shipping_address, coalesce(input.tags, '{}'),
    coalesce(payload -> 'custom', '{}'))
  returning id into made;
  return private.customer_document(made);
end
$$;
comment on function public.create_customer is 'Adds a customer to the active tenant.';
grant execute on function public.create_customer to authenticated;

create function public.update_customer(id uuid, patch jsonb, expected_version int default null)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'customers');
  present public.customers;
begin
  perform private.refuse_unknown_keys(patch, array[
    'kind', 'name', 'email', 'phone', 'tax_id', 'billing_address', 'shipping_address', 'tags', 'custom']);
  select c.* into present from public.customers c
  where c.tenant_id = tenant and c.id = update_customer.id for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such customer.');
  end if;
  perform private.matches_version(present.version, expected_version);

  present := jsonb_populate_record(present, patch);
  update public.customers c
  set kind = present.kind, name = present.name, email = present.email, phone = present.phone,
      tax_id = present.tax_id, billing_address = nullif(present.billing_address, 'null'),
      shipping_address = nullif(present.shipping_address, 'null'), tags = present.tags,
      custom = coalesce(present.custom, '{}')
  where c.tenant_id = tenant and c.id = update_customer.id;
  return private.customer_document(update_customer.id);
end
$$;
comment on function public.update_customer is
  'Changes the given fields of a customer; 412 when expected_version is not the current one.';
grant execute on function public.update_customer to authenticated;

-- The trash: one mechanism for customers, products and orders ----------------------------------------

create function private.set_trashed(
  kind text, record_table regclass, id uuid, trashed boolean, expected_version int)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'customers');
  present record;
begin
  -- The table's name is a regclass: it can only be a table's, and prints quoted.
  execute format(
    'select version, deleted_at from %s where tenant_id = $1 and id = $2 for no key update',
    record_table) into present using tenant, id;
  if present is null then
    perform private.refuse(404, 'not_found', format('There is no such %s.', kind));
  end if;
  perform private.matches_version(present.version, expected_version);
  if (present.deleted_at is not null) = trashed then
    perform private.refuse(409, 'conflict', format(
      case when trashed then 'This %s is in the trash already.' else 'This %s is not in the trash.' end,
      kind));
  end if;
  execute format(
    'update %s set deleted_at = case when $3 then now() end where tenant_id = $1 and id = $2',
    record_table) using tenant, id, trashed;
end
$$;
comment on function private.set_trashed is
  'Moves a record to the trash or back: the one way to write deleted_at. Takes the role member in its tenant.';

create function public.trash_customer(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('customer', 'public.customers', id, true, expected_version);
  return private.customer_document(id);
end
$$;
comment on function public.trash_customer is 'Moves a customer to the trash.';
grant execute on function public.trash_customer to authenticated;

create function public.restore_customer(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('customer', 'public.customers', id, false, expected_version);
  return private.customer_document(id);
end
$$;
comment on function public.restore_customer is 'Brings a customer back from the trash.';
grant execute on function public.restore_customer to authenticated;

-- Search --------------------------------------------------------------------------------------------
-- Trigram operators are not leakproof, so under RLS they lose their index. These functions run past
-- RLS, and therefore ask for the tenant first and name it in every query.

create function private.like_pattern(q text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- Every record is held against it: its length decides how long that takes.
  if char_length(q) > 200 then
    perform private.refuse(422, 'validation_failed', 'A search has at most 200 characters.', 'q');
  end if;
  return '%' || replace(replace(replace(btrim(q), '\', '\\'), '%', '\%'), '_', '\_') || '%';
end
$$;

create function private.allow_one_wrong_letter(q text)
returns void
language sql
volatile
set search_path = ''
as $$
  -- A word of n letters has n + 1 trigrams. One wrong letter spoils three of them and brings three
  -- others in: n - 2 are shared, of n + 4 in all.
  select set_config(
    'pg_trgm.word_similarity_threshold',
    greatest(0.3, least(0.6, (n - 2) / (n + 4) - 0.01))::text, true)
  from (select char_length(btrim(q))::numeric as n) as letters
$$;
comment on function private.allow_one_wrong_letter is
  'Sets, for this transaction, how alike a word must be to match a search with one letter wrong.';

create function public.search_customers(q text)
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
declare
  tenant uuid := private.require_role('viewer', 'customers');
  pattern text := private.like_pattern(q);
begin
  return query
    select c.id from public.customers c
    where c.tenant_id = tenant
      and (c.name ilike pattern or c.email ilike pattern or c.phone ilike pattern
        or c.tax_id ilike pattern);
  if not found then
    perform private.allow_one_wrong_letter(q);
    return query
      select c.id from public.customers c
      where c.tenant_id = tenant
        and (c.name operator(extensions.%>) q or c.email operator(extensions.%>) q);
  end if;
end
$$;
comment on function public.search_customers is
  'Ids of the customers whose name, e-mail, phone or tax number contain the text; failing that, nearly contain it.';
grant execute on function public.search_customers to authenticated;


-- =================================================================================================
-- sql/30_products.sql
-- =================================================================================================

-- Products: what a tenant sells, at which price.

create table public.products (
  tenant_id uuid not null default private.current_tenant('member', 'products')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  sku text not null constraint products_sku_length
    check (char_length(btrim(sku)) >= 1 and char_length(sku) <= 1000),
  name text not null constraint products_name_length
    check (char_length(btrim(name)) >= 1 and char_length(name) <= 1000),
  unit_price numeric not null constraint products_unit_price_range
    check (unit_price between 0 and 1e9 and unit_price = round(unit_price, 4)),
  currency text not null references public.currencies (code),
  tax_rate numeric not null default 0 constraint products_tax_rate_range
    check (tax_rate between 0 and 100),
  unit text constraint products_unit_length check (char_length(unit) <= 1000),
  active boolean not null default true,
  custom jsonb not null default '{}',
  version int not null default 1,
  created_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.products is 'What the tenant sells.';
comment on column public.products.sku is 'Stock keeping unit: unique among the tenant''s live products.';
comment on column public.products.unit_price is 'Net price of one unit, at most four decimals, in currency.';
comment on column public.products.tax_rate is 'Percent, 0 to 100.';
comment on column public.products.unit is 'What one is: piece, kg, hour …';
comment on column public.products.active is 'Whether it is offered for new orders.';
comment on column public.products.custom is 'The tenant''s own fields, checked against custom_fields.';
comment on column public.products.version is 'Moves with every change; the ETag.';
comment on column public.products.deleted_at is 'When it went to the trash; null while it is live.';

-- By its digest: a thousand characters do not fit into an index entry.
create unique index products_sku_key on public.products (tenant_id, md5(sku)) where deleted_at is null;
create index products_sku_idx on public.products (tenant_id, left(sku, 250), id) where deleted_at is null;
-- A name may be longer than an index entry can be; lists sort by its beginning.
create index products_name_idx on public.products (tenant_id, left(name, 250), id) where deleted_at is null;
create index products_unit_price_idx on public.products (tenant_id, unit_price, id) where deleted_at is null;
create index products_created_at_idx on public.products (tenant_id, created_at desc, id desc)
  where deleted_at is null;
create index products_trash_idx on public.products (tenant_id, created_at desc, id desc)
  where deleted_at is not null;
create index products_search_idx on public.products using gin (
  tenant_id extensions.uuid_ops, sku extensions.gin_trgm_ops, name extensions.gin_trgm_ops)
  with (fastupdate = off);

alter table public.products enable row level security;
alter table public.products force row level security;
grant select on public.products to authenticated, service_role;
grant insert (tenant_id, sku, name, unit_price, currency, tax_rate, unit, active, custom),
  update (sku, name, unit_price, currency, tax_rate, unit, active, custom)
  on public.products to authenticated, service_role;

create policy "members read their tenant's products"
  on public.products for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'products')));
create policy "members who write add products"
  on public.products for insert to authenticated
  with check (tenant_id = (select private.current_tenant('member', 'products')));
create policy "members who write change products"
  on public.products for update to authenticated
  using (tenant_id = (select private.current_tenant('member', 'products')))
  with check (tenant_id = (select private.current_tenant('member', 'products')));

create function private.default_currency()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.currency is null then
    select t.currency into new.currency from public.tenants t where t.id = new.tenant_id;
  elsif private.minor_digits(new.currency) is null then
    perform private.refuse(422, 'validation_failed', 'Not an ISO 4217 currency.', 'currency');
  end if;
  return new;
end
$$;
comment on function private.default_currency is 'BEFORE INSERT OR UPDATE: the tenant''s currency where none is given; only known ones.';

create trigger "10_guard_tenant" before insert on public.products
  for each row execute function private.guard_tenant('products');
create trigger "20_default_currency" before insert or update of currency on public.products
  for each row execute function private.default_currency();
create trigger "20_check_custom" before insert or update on public.products
  for each row execute function private.check_custom('product');
create trigger "30_keep_version" before update on public.products
  for each row execute function private.keep_version();

create view private.product_documents with (security_invoker) as
select
  p.tenant_id, p.id, p.sku, p.name, left(p.name, 250) as sort_name,
  left(p.sku, 250) as sort_sku, p.unit_price, p.currency, p.active,
  p.created_at, p.updated_at, p.version, p.deleted_at,
  json_build_object(
    'id', p.id, 'sku', p.sku, 'name', p.name, 'unit_price', p.unit_price, 'currency', p.currency,
    'tax_rate', p.tax_rate, 'unit', p.unit, 'active', p.active, 'custom', p.custom,
    'version', p.version, 'created_by', p.created_by, 'created_at', p.created_at,
    'updated_at', p.updated_at, 'deleted_at', p.deleted_at) as document
from public.products p;
comment on view private.product_documents is 'A product as every answer shows it, with the columns that lists sort and filter by.';
grant select on private.product_documents to authenticated, service_role;

create function private.product_document(id uuid)
returns json
language sql
stable
set search_path = ''
as $$
  select d.document from private.product_documents d
  where d.tenant_id = private.current_tenant('viewer', 'products') and d.id = product_document.id
$$;
grant execute on function private.product_document to authenticated;

-- Writing ------------------------------------------------------------------------------------------

create function public.create_product(payload jsonb)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'products');
  made uuid;
  input public.products;
begin
  perform private.refuse_unknown_keys(payload, array[
    'sku', 'name', 'unit_price', 'currency', 'tax_rate', 'unit', 'active', 'custom']);
  input := jsonb_populate_record(null::public.products, jsonb_strip_nulls(payload));
  insert into public.products (tenant_id, sku, name, unit_price, currency, tax_rate, unit, active, custom)
  values (
    tenant, input.sku, input.name, input.unit_price, input.currency, coalesce(input.tax_rate, 0),
    input.unit, coalesce(input.active, true), coalesce(payload -> 'custom', '{}'))
  returning id into made;
  return private.product_document(made);
end
$$;
comment on function public.create_product is 'Adds a product to the active tenant.';
grant execute on function public.create_product to authenticated;

create function public.update_product(id uuid, patch jsonb, expected_version int default null)
returns json
language plpgsql
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('member', 'products');
  present public.products;
begin
  perform private.refuse_unknown_keys(patch, array[
    'sku', 'name', 'unit_price', 'currency', 'tax_rate', 'unit', 'active', 'custom']);
  select p.* into present from public.products p
  where p.tenant_id = tenant and p.id = update_product.id for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such product.');
  end if;
  perform private.matches_version(present.version, expected_version);

  present := jsonb_populate_record(present, patch);
  update public.products p
  set sku = present.sku, name = present.name, unit_price = present.unit_price,
      currency = present.currency, tax_rate = present.tax_rate, unit = present.unit,
      active = present.active, custom = coalesce(present.custom, '{}')
  where p.tenant_id = tenant and p.id = update_product.id;
  return private.product_document(update_product.id);
end
$$;
comment on function public.update_product is
  'Changes the given fields of a product; 412 when expected_version is not the current one.';
grant execute on function public.update_product to authenticated;

create function public.trash_product(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('product', 'public.products', id, true, expected_version);
  return private.product_document(id);
end
$$;
comment on function public.trash_product is 'Moves a product to the trash.';
grant execute on function public.trash_product to authenticated;

create function public.restore_product(id uuid, expected_version int default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.set_trashed('product', 'public.products', id, false, expected_version);
  return private.product_document(id);
end
$$;
comment on function public.restore_product is 'Brings a product back from the trash.';
grant execute on function public.restore_product to authenticated;

create function public.search_products(q text)
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
rows 100
as $$
declare
  tenant uuid := private.require_role('viewer', 'products');
  pattern text := private.like_pattern(q);
begin
  return query
    select p.id from public.products p
    where p.tenant_id = tenant and (p.sku ilike pattern or p.name ilike pattern);
  if not found then
    perform private.allow_one_wrong_letter(q);
    return query
      select p.id from public.products p
      where p.tenant_id = tenant and p.name operator(extensions.%>) q;
  end if;
end
$$;
comment on function public.search_products is
  'Ids of the products whose SKU or name contain the text; failing that, whose name nearly contains it.';
grant execute on function public.search_products to authenticated;


-- =================================================================================================
-- sql/40_orders.sql
-- =================================================================================================

-- Orders: items of a flexible shape, totals that only the database computes, statuses that only move
-- forward, gapless numbers per tenant.

create type public.order_status as enum ('pending', 'processing', 'shipped', 'delivered', 'cancelled');
comment on type public.order_status is 'In the order of an order''s life, which is also how lists sort it.';

create table private.number_series (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  series text not null,
  last bigint not null,
  primary key (tenant_id, series)
);
comment on table private.number_series is
  'The last number given out per series. Its row is locked to the end of the transaction that takes one, so a rollback leaves no gap.';
alter table private.number_series enable row level security;
alter table private.number_series force row level security;

create table public.orders (
  tenant_id uuid not null default private.current_tenant('member', 'orders')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  number text not null,
  sequence bigint not null,
  status public.order_status not null default 'pending',
  currency text not null references public.currencies (code),
  customer_id uuid,
  placed_at timestamptz not null default now() constraint orders_placed_at_range
    check (placed_at >= '1900-01-01' and placed_at < '2200-01-01'),
  notes text constraint orders_notes_length check (char_length(notes) <= 10000),
  subtotal numeric not null default 0,
  discount_total numeric not null default 0,
  tax_total numeric not null default 0,
  shipping_total numeric not null default 0 constraint orders_shipping_total_range
    check (shipping_total between 0 and 1e9),
  total numeric not null default 0 constraint orders_total_range check (total <= 1e12),
  custom jsonb not null default '{}',
  version int not null default 1,
  created_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, sequence),
  constraint orders_customer_id_fkey foreign key (tenant_id, customer_id)
    references public.customers (tenant_id, id)
);
comment on table public.orders is 'What customers ordered. Number, totals and version are the database''s; DELETE is refused (rpc trash_order).';
comment on column public.orders.number is 'Gapless per tenant, with the tenant''s prefix: SO-000001 onwards.';
comment on column public.orders.sequence is 'The number as a number, to sort by.';
comment on column public.orders.status is 'pending → processing → shipped → delivered; pending or processing → cancelled.';
comment on column public.orders.subtotal is 'Sum of the items'' line totals, net, after discounts.';
comment on column public.orders.discount_total is 'Sum of the items'' discounts, already taken off the subtotal.';
comment on column public.orders.tax_total is 'Sum of the items'' taxes.';
comment on column public.orders.shipping_total is 'What sending it costs the customer, in the currency''s minor digits.';
comment on column public.orders.total is 'subtotal + tax_total + shipping_total.';
comment on column public.orders.custom is 'The tenant''s own fields, checked against custom_fields.';
comment on column public.orders.version is 'Moves with every change, items included; the ETag.';
comment on column public.orders.deleted_at is 'When it went to the trash; null while it is live.';

create index orders_placed_at_idx on public.orders (tenant_id, placed_at desc, id desc) where deleted_at is null;
-- One for each status: comparing enums is not leakproof, so under row-level security no index can be
-- searched by status, but one whose predicate names it can be chosen.
create index orders_pending_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'pending';
create index orders_processing_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'processing';
create index orders_shipped_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'shipped';
create index orders_delivered_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'delivered';
create index orders_cancelled_idx on public.orders (tenant_id, placed_at desc, id desc)
  where deleted_at is null and status = 'cancelled';
create index orders_customer_idx on public.orders (tenant_id, customer_id, placed_at desc, id desc)
  include (deleted_at);
create index orders_total_idx on public.orders (tenant_id, total, id) where deleted_at is null;
create index orders_trash_idx on public.orders (tenant_id, placed_at desc, id desc) where deleted_at is not null;
create index orders_search_idx on public.orders using gin (
  tenant_id extensions.uuid_ops, number extensions.gin_trgm_ops, notes extensions.gin_trgm_ops)
  with (fastupdate = off);

create table public.order_items (
  tenant_id uuid not null default private.current_tenant('member', 'orders')
    references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  order_id uuid not null,
  position int not null constraint order_items_position_range check (position between 1 and 1000),
  product_id uuid,
  sku text constraint order_items_sku_length check (char_length(sku) <= 1000),
  name text not null constraint order_items_name_length
    check (char_length(btrim(name)) >= 1 and char_length(name) <= 1000),
  quantity numeric not null constraint order_items_quantity_range
    check (quantity between 0 and 1e9 and quantity = round(quantity, 3)),
  unit_price numeric not null constraint order_items_unit_price_range
    check (unit_price between 0 and 1e9 and unit_price = round(unit_price, 4)),
  discount_percent numeric not null default 0 constraint order_items_discount_percent_range
    check (discount_percent between 0 and 100),
  tax_rate numeric not null default 0 constraint order_items_tax_rate_range
    check (tax_rate between 0 and 100),
  attributes jsonb not null default '{}' constraint order_items_attributes_object
    check (jsonb_typeof(attributes) = 'object' and octet_length(attributes::text) <= 65536),
  discount numeric not null,
  line_total numeric not null constraint order_items_line_total_range check (line_total <= 1e12),
  tax numeric not null,
  primary key (tenant_id, id),
  unique (tenant_id, order_id, position),
  constraint order_items_order_id_fkey foreign key (tenant_id, order_id)
    references public.orders (tenant_id, id) on delete cascade,
  constraint order_items_product_id_fkey foreign key (tenant_id, product_id)
    references public.products (tenant_id, id)
);
comment on table public.order_items is 'The lines of an order. They change only while the order is pending or processing; DELETE is refused (rpc update_order).';
comment on column public.order_items.position is 'Counts from 1 within the order; given when left out.';
comment on column public.order_items.quantity is 'At most three decimals.';
comment on column public.order_items.unit_price is 'Net price of one unit, at most four decimals, in the order''s currency.';
comment on column public.order_items.discount_percent is 'Percent off the line, 0 to 100.';
comment on column public.order_items.tax_rate is 'Percent on the line after its discount, 0 to 100.';
comment on column public.order_items.attributes is 'Whatever else describes the line: colour, size, serial numbers …';
comment on column public.order_items.discount is 'round(round(quantity × unit_price) × discount_percent / 100).';
comment on column public.order_items.line_total is 'round(quantity × unit_price) − discount.';
comment on column public.order_items.tax is 'round(line_total × tax_rate / 100).';

create index order_items_product_idx on public.order_items (tenant_id, product_id) where product_id is not null;

-- Grants and policies -------------------------------------------------------------------------------

alter table public.orders enable row level security;
alter table public.orders force row level security;
alter table public.order_items enable row level security;
alter table public.order_items force row level security;

grant select on public.orders, public.order_items to authenticated, service_role;
grant insert (tenant_id, currency, customer_id, placed_at, notes, shipping_total, custom),
  update (status, currency, customer_id, placed_at, notes, shipping_total, custom)
  on public.orders to authenticated, service_role;
grant insert (tenant_id, order_id, position, product_id, sku, name, quantity, unit_price,
    discount_percent, tax_rate, attributes),
  update (position, product_id, sku, name, quantity, unit_price, discount_percent, tax_rate, attributes)
  on public.order_items to authenticated, service_role;

create policy "members read their tenant's orders"
  on public.orders for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'orders')));
create policy "members who write place orders"
  on public.orders for insert to authenticated
  with check (tenant_id = (select private.current_tenant('member', 'orders')));
create policy "members who write change orders"
  on public.orders for update to authenticated
  using (tenant_id = (select private.current_tenant('member', 'orders')))
  with check (tenant_id = (select private.current_tenant('member', 'orders')));

create policy "members read their tenant's order items"
  on public.order_items for select to authenticated
  using (tenant_id = (select private.current_tenant('viewer', 'orders')));
create policy "members who write add order items"
  on public.order_items for insert to authenticated
  with check (tenant_id = (select private.current_tenant('member', 'orders')));
create policy "members who write change order items"
  on public.order_items for update to authenticated
  using (tenant_id = (select private.current_tenant('member', 'orders')))
  with check (tenant_id = (select private.current_tenant('member', 'orders')));

-- Rules of orders -----------------------------------------------------------------------------------

create function private.take_number(tenant uuid, series text)
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  taken bigint;
begin
  insert into private.number_series as s (tenant_id, series, last)
  values (tenant, take_number.series, 1)
  on conflict (tenant_id, series) do update set last = s.last + 1
  returning last into taken;
  return taken;
end
$$;
comment on function private.take_number is 'The next number of a tenant''s series, without gaps; waits for a transaction that took one before.';

create function private.number_order()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  new.sequence := private.take_number(new.tenant_id, 'order');
  select t.order_prefix || lpad(new.sequence::text, greatest(6, length(new.sequence::text)), '0')
  into new.number
  from public.tenants t where t.id = new.tenant_id;
  return new;
end
$$;

create function private.may_follow(present public.order_status, next public.order_status)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case present
    when 'pending' then next in ('processing', 'cancelled')
    when 'processing' then next in ('shipped', 'cancelled')
    when 'shipped' then next = 'delivered'
    else false
  end
$$;
comment on function private.may_follow is 'Whether an order in one status may move to the other: the status machine.';

create function private.is_open(status public.order_status)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return status in ('pending', 'processing');
end
$$;
comment on function private.is_open is 'Whether what is ordered, and so the amounts, may still change.';

create function private.refuse_closed(status public.order_status)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if not private.is_open(status) then
    perform private.refuse(
      409, 'conflict', format('Items and amounts cannot change once an order is %s.', status));
  end if;
end
$$;

create function private.guard_order()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  digits constant int := private.minor_digits(new.currency);
begin
  if tg_op = 'UPDATE' then
    if new.status <> old.status and not private.may_follow(old.status, new.status) then
      perform private.refuse(
        409, 'invalid_transition', format('A %s order cannot become %s.', old.status, new.status));
    end if;
    if (new.currency, new.shipping_total) is distinct from (old.currency, old.shipping_total) then
      perform private.refuse_closed(old.status);
    end if;
  end if;

  if new.shipping_total <> round(new.shipping_total, digits) then
    perform private.refuse(
      422, 'validation_failed', format('%s has %s decimals.', new.currency, digits), 'shipping_total');
  end if;
  -- Rounded although they are round, so that every amount prints with its currency's digits.
  new.shipping_total := round(new.shipping_total, digits);
  new.subtotal := round(new.subtotal, digits);
  new.discount_total := round(new.discount_total, digits);
  new.tax_total := round(new.tax_total, digits);
  new.total := new.subtotal + new.tax_total + new.shipping_total;
  return new;
end
$$;
comment on function private.guard_order is
  'BEFORE INSERT OR UPDATE: the status machine, frozen amounts, the currency''s digits, and the total.';

create trigger "10_guard_tenant" before insert on public.orders
  for each row execute function private.guard_tenant('orders');
create trigger "20_default_currency" before insert or update of currency on public.orders
  for each row execute function private.default_currency();
create trigger "20_check_custom" before insert or update on public.orders
  for each row execute function private.check_custom('order');
create trigger "30_guard_order" before insert or update on public.orders
  for each row execute function private.guard_order();
create trigger "40_number_order" before insert on public.orders
  for each row execute function private.number_order();
create trigger "50_keep_version" before update on public.orders
  for each row execute function private.keep_version();

-- Rules of items ------------------------------------------------------------------------------------

create function private.compute_item()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  parent public.orders;
  digits int;
  gross numeric;
begin
  -- The order's lock makes item changes and status changes wait for one another.
  select o.* into parent from public.orders o
  where o.tenant_id = coalesce(new.tenant_id, old.tenant_id)
    and o.id = coalesce(new.order_id, old.order_id)
  for no key update;
  if found then
    if parent.deleted_at is not null then
      perform private.refuse(409, 'conflict', 'This order is in the trash. Restore it before changing it.');
    end if;
    perform private.refuse_closed(parent.status);
  elsif tg_op <> 'DELETE' then
    perform private.refuse(422, 'validation_failed', 'There is no such order.', 'order_id');
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;

  if new.position is null then
    select coalesce(max(i.position), 0) + 1 into new.position
    from public.order_items i where i.tenant_id = new.tenant_id and i.order_id = new.order_id;
  end if;

  -- numeric's round() rounds half away from zero.
  digits := private.minor_digits(parent.currency);
  gross := round(new.quantity * new.unit_price, digits);
  new.discount := round(gross * new.discount_percent / 100, digits);
  new.line_total := gross - new.discount;
  new.tax := round(new.line_total * new.tax_rate / 100, digits);
  return new;
end
$$;
comment on function private.compute_item is
  'BEFORE every change of an item: only while its order is open; gives its position and computes its amounts.';

create trigger "10_guard_tenant" before insert on public.order_items
  for each row execute function private.guard_tenant('orders');
create trigger "20_compute_item" before insert or update or delete on public.order_items
  for each row execute function private.compute_item();

create function private.total_orders()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.orders o
  set subtotal = sums.subtotal, discount_total = sums.discount_total, tax_total = sums.tax_total,
      version = o.version + 1
  from (
    select touched.tenant_id, touched.order_id,
      coalesce(sum(i.line_total), 0) as subtotal,
      coalesce(sum(i.discount), 0) as discount_total,
      coalesce(sum(i.tax), 0) as tax_total
    from (select distinct tenant_id, order_id from changed) as touched
    left join public.order_items i
      on i.tenant_id = touched.tenant_id and i.order_id = touched.order_id
    group by touched.tenant_id, touched.order_id
  ) as sums
  where o.tenant_id = sums.tenant_id and o.id = sums.order_id;
  return null;
end
$$;
comment on function private.total_orders is 'AFTER a statement that changed items: the totals and the version of their orders.';

create trigger total_after_insert after insert on public.order_items
  referencing new table as changed for each statement execute function private.total_orders();
create trigger total_after_update after update on public.order_items
  referencing new table as changed for each statement execute function private.total_orders();
create trigger total_after_delete after delete on public.order_items
  referencing old table as changed for each statement execute function private.total_orders();

create function private.recompute_items()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.order_items i set quantity = i.quantity
  where i.tenant_id = new.tenant_id and i.order_id = new.id;
  return null;
end
$$;
comment on function private.recompute_items is 'AFTER a change of currency: every line anew, in the new currency''s digits.';
create trigger recompute_items after update of currency on public.orders
  for each row when (new.currency <> old.currency) execute function private.recompute_items();


-- =================================================================================================
-- sql/45_order_calls.sql
-- =================================================================================================

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


-- =================================================================================================
-- sql/47_order_figures.sql
-- =================================================================================================

-- Figures: what the overview says of a tenant's orders in money. Each statement reads one range of one
-- index, however many orders there are beside it.

create function private.orders_of_days(starts date, ends date, zone text)
returns table (currency text, orders bigint, net numeric)
language sql
stable
set search_path = ''
as $$
  select o.currency, count(*), sum(o.subtotal)
  from public.orders o
  where o.tenant_id = (select private.current_tenant('viewer', 'orders'))
    and o.deleted_at is null
    and o.placed_at >= (starts::timestamp at time zone zone)
    and o.placed_at < (ends::timestamp at time zone zone)
    and o.status <> 'cancelled'
  group by o.currency
$$;
comment on function private.orders_of_days is
  'Orders placed from the first day to before the last, in a time zone, per currency; cancelled ones left out, as in analytics.revenue_by_month.';
grant execute on function private.orders_of_days to authenticated;

create function public.order_figures()
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('viewer', 'orders');
  own constant public.tenants := (select t from public.tenants t where t.id = tenant);
  starts constant date := date_trunc('month', now() at time zone own.time_zone);
  before constant date := starts - interval '1 month';
  ends constant date := starts + interval '1 month';
begin
  return (
    with
    figures as (
      select f.currency, 'this_month' as what, f.orders, f.net
      from private.orders_of_days(starts, ends, own.time_zone) f
      union all
      select f.currency, 'last_month', f.orders, f.net
      from private.orders_of_days(before, starts, own.time_zone) f
      union all
      select o.currency, 'open', count(*), sum(o.subtotal)
      from (
        select p.currency, p.subtotal from public.orders p
        where p.tenant_id = (select private.current_tenant('viewer', 'orders'))
          and p.deleted_at is null and p.status = 'pending'
        union all
        select p.currency, p.subtotal from public.orders p
        where p.tenant_id = (select private.current_tenant('viewer', 'orders'))
          and p.deleted_at is null and p.status = 'processing'
      ) as o
      group by o.currency
    ),
    currencies as (
      select f.currency, json_object_agg(f.what, json_build_object('orders', f.orders, 'net', f.net)) as found
      from figures f group by f.currency
      union all
      select own.currency, '{}' where not exists (select from figures f where f.currency = own.currency)
    )
    select json_build_object(
      'this_month', json_build_object('first', starts, 'last', ends - 1),
      'last_month', json_build_object('first', before, 'last', starts - 1),
      'currencies', json_agg(json_build_object(
        'currency', c.currency,
        'this_month', coalesce(c.found -> 'this_month', nothing.figure),
        'last_month', coalesce(c.found -> 'last_month', nothing.figure),
        'open', coalesce(c.found -> 'open', nothing.figure))
        order by c.currency <> own.currency, c.currency))
    from currencies c, (select json_build_object('orders', 0, 'net', 0) as figure) as nothing);
end
$$;
comment on function public.order_figures is
  'Net revenue of this month and of the one before, and what the open orders are worth, per currency: the tenant''s own first.';
grant execute on function public.order_figures to authenticated;


-- =================================================================================================
-- sql/50_files.sql
-- =================================================================================================

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


-- =================================================================================================
-- sql/52_previews.sql
-- =================================================================================================

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


-- =================================================================================================
-- sql/55_live.sql
-- =================================================================================================

-- Live: what open pages are told, so that they need not ask again and again. The functions listen
-- (functions/events) and pass on to each person what their role sees: ids and progress, never contents.
-- A commit that notifies waits for other such commits: only what is rare, or notifies anyway, tells.

-- The channel ------------------------------------------------------------------------------------------
-- Everybody with a login may LISTEN and NOTIFY, analysts too, but nobody can guess this name.

create table private.live_channel (
  only_one boolean primary key default true check (only_one),
  name text not null default 'kontor_' || replace(gen_random_uuid()::text, '-', '')
);
comment on table private.live_channel is 'The channel that the functions listen on, named when they first do; its name is a secret.';
alter table private.live_channel enable row level security;
alter table private.live_channel force row level security;

create function private.live_channel()
returns text
language sql
security definer
set search_path = ''
as $$
  insert into private.live_channel default values on conflict do nothing;
  select c.name from private.live_channel c
$$;
comment on function private.live_channel is 'The channel to listen on; for the functions alone.';
grant execute on function private.live_channel to kontor_functions;

create function private.tell(tenant uuid, event jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  channel text;
begin
  select c.name into channel from private.live_channel c;
  -- Without a name nobody has ever listened. Postgres says the same thing once in a transaction.
  if found then
    perform pg_notify(channel, (event || jsonb_build_object('tenant_id', tenant))::text);
  end if;
end
$$;
comment on function private.tell is 'Tells the open pages of a tenant, once the transaction is committed: {kind, ids}.';

-- What changes about who may listen ----------------------------------------------------------------------

create function private.tell_access()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Streams of those who lost their role end at once; the others are looked at, and go on.
  if tg_relid = 'public.tenants'::regclass then
    perform private.tell(old.id, '{"kind": "access"}');
  else
    perform private.tell(old.tenant_id, '{"kind": "access"}');
  end if;
  return null;
end
$$;
comment on function private.tell_access is 'AFTER UPDATE or DELETE: whoever listens in the tenant may have lost a right.';
create trigger tell_access after update or delete on public.memberships
  for each row execute function private.tell_access();
create trigger tell_access after update on public.tenants
  for each row when (old.deleted_at is distinct from new.deleted_at)
  execute function private.tell_access();
create trigger tell_access after update on public.api_keys
  for each row when (old.revoked_at is distinct from new.revoked_at)
  execute function private.tell_access();

-- Orders and files ---------------------------------------------------------------------------------------

create function private.tell_order()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.tell(new.tenant_id, jsonb_build_object('kind', 'order', 'id', new.id));
  return null;
end
$$;
comment on function private.tell_order is 'AFTER UPDATE: an order changed its status, or went to or came from the trash.';
create trigger tell_order after update on public.orders
  for each row
  when (old.status is distinct from new.status or old.deleted_at is distinct from new.deleted_at)
  execute function private.tell_order();

create function private.tell_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  file constant public.attachments := case when tg_op = 'DELETE' then old else new end;
begin
  if file.status = 'ready' then
    perform private.tell(file.tenant_id, jsonb_build_object(
      'kind', 'files', 'entity_type', file.entity_type, 'entity_id', file.entity_id));
  end if;
  return null;
end
$$;
comment on function private.tell_files is 'AFTER every change: the files that a record shows are others now.';
create trigger tell_files after insert or update or delete on public.attachments
  for each row execute function private.tell_files();


-- =================================================================================================
-- sql/60_jobs.sql
-- =================================================================================================

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


-- =================================================================================================
-- sql/62_exports.sql
-- =================================================================================================

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


-- =================================================================================================
-- sql/64_email.sql
-- =================================================================================================

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


-- =================================================================================================
-- sql/70_webhooks.sql
-- =================================================================================================

-- Webhooks: what happens to a tenant's records is told to the addresses that its admins name. An event
-- is a row written in the transaction that causes it, whichever door it came through (the outbox); a
-- task makes a delivery of it for each endpoint that subscribed, another sends them (tasks/webhooks).

-- Endpoints -----------------------------------------------------------------------------------------------

create function private.event_types()
returns text[]
language sql
immutable
set search_path = ''
as $$
  select array[
    'order.created', 'order.updated', 'order.status_changed', 'order.deleted', 'order.restored',
    'customer.created', 'customer.updated', 'customer.deleted',
    'product.created', 'product.updated', 'product.deleted',
    'attachment.ready', 'export.succeeded', 'export.failed', 'member.joined', 'member.removed']
$$;
comment on function private.event_types is 'What an endpoint may subscribe to. webhook.test is sent to who asked for it alone.';

create table public.webhooks (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  url text not null constraint webhooks_url_format
    check (url ~ '^https?://[^\s[:cntrl:]]+$' and char_length(url) <= 2000),
  events text[] not null constraint webhooks_events_known
    check (cardinality(events) between 1 and 50 and events <@ private.event_types()),
  description text constraint webhooks_description_length check (char_length(description) <= 1000),
  active boolean not null default true,
  disabled_reason text,
  secret_rotated_at timestamptz,
  version int not null default 1,
  created_by uuid default auth.uid() references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  last_success_at timestamptz,
  last_failure_at timestamptz,
  failing_since timestamptz,
  failures int not null default 0,
  retry_at timestamptz,
  primary key (tenant_id, id)
);
comment on table public.webhooks is 'Addresses that a tenant''s events are sent to. Written through the functions only.';
comment on column public.webhooks.events is 'The types of event it gets.';
comment on column public.webhooks.active is 'Nothing that happens while it is not is sent.';
comment on column public.webhooks.disabled_reason is 'Why Kontor turned it off; null when a person did.';
comment on column public.webhooks.failing_since is 'The first failure since it last succeeded.';
comment on column public.webhooks.failures is 'Failures in a row.';
comment on column public.webhooks.retry_at is 'Failing again and again, it is left alone until then.';

alter table public.webhooks enable row level security;
alter table public.webhooks force row level security;
grant select on public.webhooks to authenticated, service_role;
create policy "admins see their tenant's webhooks"
  on public.webhooks for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));

create table private.webhook_secrets (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  webhook_id uuid not null,
  sealed_secret text not null,
  valid_until timestamptz,
  primary key (tenant_id, id),
  constraint webhook_secrets_webhook_id_fkey foreign key (tenant_id, webhook_id)
    references public.webhooks (tenant_id, id) on delete cascade
);
comment on table private.webhook_secrets is 'What deliveries are signed with, sealed by the functions: no role reads them in the clear here.';
comment on column private.webhook_secrets.valid_until is 'Set once another took its place: so long both sign.';
create index webhook_secrets_webhook_idx on private.webhook_secrets (tenant_id, webhook_id);
alter table private.webhook_secrets enable row level security;
alter table private.webhook_secrets force row level security;

-- The outbox ----------------------------------------------------------------------------------------------

create table private.events (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  id uuid not null default private.uuid_v7(),
  sequence bigint generated always as identity,
  type text not null,
  entity_type text not null,
  entity_id uuid not null,
  data jsonb,
  previous jsonb,
  complete boolean not null default false,
  fanned_out boolean not null default false,
  xact xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- With the time, for transactions are counted anew in a restored database.
  unique (tenant_id, entity_type, entity_id, xact, created_at)
) with (fillfactor = 60);
comment on table private.events is 'What happened: one event for each record that a transaction changed.';
comment on column private.events.id is 'The webhook-id, by which receivers know a repetition.';
comment on column private.events.sequence is 'The order of the events of one record: made while its row is locked.';
comment on column private.events.data is 'The record as its GET gave it when the transaction ended.';
comment on column private.events.previous is 'What the changed fields held before the transaction.';
comment on column private.events.complete is 'False only inside the transaction that makes it.';
create index events_waiting_idx on private.events (tenant_id, sequence) where not fanned_out;
create index events_created_at_idx on private.events using brin (created_at);
alter table private.events enable row level security;
alter table private.events force row level security;

create function private.wants_events(tenant uuid, entity_type text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  -- The tenant is looked for as well: while one is erased, its webhooks go last.
  return exists (
    select from public.webhooks w join public.tenants t on t.id = w.tenant_id and t.deleted_at is null
    where w.tenant_id = tenant and w.active
      and exists (select from unnest(w.events) as type where split_part(type, '.', 1) = wants_events.entity_type));
end
$$;
comment on function private.wants_events is 'Whether anybody is told about a kind of record; asked before anything is written.';

create function private.note_event(
  tenant uuid, entity_type text, entity_id uuid, verb text,
  previous jsonb default null, data jsonb default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  noted private.events;
  before text;
begin
  select e.* into noted from private.events e
  where e.tenant_id = tenant and e.entity_type = note_event.entity_type
    and e.entity_id = note_event.entity_id and e.xact = pg_current_xact_id() and e.created_at = now();
  if not found then
    insert into private.events (tenant_id, type, entity_type, entity_id, previous, data)
    values (tenant, entity_type || '.' || verb, entity_type, entity_id, previous, data);
    return;
  end if;

  before := split_part(noted.type, '.', 2);
  if before in ('created', 'joined') then
    if verb not in ('deleted', 'removed') then
      return; -- What is new is told as it is when the transaction ends.
    end if;
    -- Nobody else ever saw it.
    delete from private.events e where e.tenant_id = tenant and e.id = noted.id;
    return;
  end if;
  update private.events e
  set type = note_event.entity_type || '.' || case
        when verb not in ('updated', 'status_changed') then verb
        when before = 'updated' then verb
        else before
      end,
      -- What a field held first is what counts; of an order's lines, each line.
      previous = coalesce(note_event.previous, '{}') || coalesce(e.previous, '{}')
        || case when note_event.previous ? 'items' and e.previous ? 'items'
          then jsonb_build_object('items', e.previous -> 'items' || (
            select coalesce(jsonb_agg(line), '[]') from jsonb_array_elements(note_event.previous -> 'items') as line
            where not e.previous -> 'items' @> jsonb_build_array(jsonb_build_object('id', line -> 'id'))))
          else '{}' end,
      data = note_event.data, complete = false
  where e.tenant_id = tenant and e.id = noted.id;
end
$$;
comment on function private.note_event is
  'Notes what the present transaction does to a record, into the one event that it has in this transaction.';

create function private.event_data(tenant uuid, kind text, record uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set timezone = 'UTC'
as $$
begin
  case kind
    when 'order' then
      return (select d.document from private.order_documents d where d.tenant_id = tenant and d.id = record);
    when 'customer' then
      return (select d.document from private.customer_documents d where d.tenant_id = tenant and d.id = record);
    when 'product' then
      return (select d.document from private.product_documents d where d.tenant_id = tenant and d.id = record);
    when 'attachment' then
      return (select d.document from private.attachment_documents d where d.tenant_id = tenant and d.id = record);
    when 'export' then
      return (select d.document from private.export_documents d where d.tenant_id = tenant and d.id = record);
    when 'member' then
      return (
        select json_build_object(
          'user_id', m.user_id, 'email', p.email, 'name', p.name, 'role', m.role, 'joined_at', m.created_at)
        from public.memberships m left join public.people p on p.id = m.user_id
        where m.tenant_id = tenant and m.user_id = record);
  end case;
end
$$;
comment on function private.event_data is 'A record as its GET gives it.';


-- =================================================================================================
-- sql/71_events.sql
-- =================================================================================================

-- Events: which changes of a tenant's records are told, and what is told of them at the end of their
-- transaction. 70_webhooks holds the outbox they are noted in.

-- What counts as an event -----------------------------------------------------------------------------------

create function private.changed_fields(before jsonb, after jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select jsonb_object_agg(key, value) from jsonb_each(before)
    where value is distinct from after -> key
      and key not in ('version', 'created_by', 'updated_at', 'deleted_at', 'sequence'));
end
$$;
comment on function private.changed_fields is 'The fields that changed, as they were; null when none did.';

create function private.is_told_as_new(tenant uuid, kind text, record uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (
    select from private.events e
    where e.tenant_id = tenant and e.entity_type = kind and e.entity_id = record
      and e.xact = pg_current_xact_id() and e.created_at = now() and e.type = kind || '.created');
end
$$;
comment on function private.is_told_as_new is
  'Whether the present transaction made a record, and so tells of it as it is at the end: what changes meanwhile is no news.';

create function private.note_record()
returns trigger
language plpgsql
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
  kind constant text := tg_argv[0];
  before jsonb;
  previous jsonb;
begin
  if not private.wants_events(new.tenant_id, kind) then
    return null;
  end if;
  if tg_op = 'INSERT' then
    perform private.note_event(new.tenant_id, kind, new.id, 'created');
    return null;
  end if;
  before := to_jsonb(old);
  if new.deleted_at is distinct from old.deleted_at then
    if new.deleted_at is not null then
      perform private.note_event(new.tenant_id, kind, new.id, 'deleted');
    elsif kind = 'order' then
      perform private.note_event(new.tenant_id, kind, new.id, 'restored');
    else -- There is no event of its own for it.
      perform private.note_event(new.tenant_id, kind, new.id, 'updated',
        jsonb_build_object('deleted_at', before -> 'deleted_at'));
    end if;
    return null;
  end if;
  if new.created_at = now() and private.is_told_as_new(new.tenant_id, kind, new.id) then
    return null;
  end if;
  previous := private.changed_fields(before, to_jsonb(new));
  if previous ? 'customer_id' then
    previous := previous - 'customer_id' || jsonb_build_object('customer', (
      select json_build_object('id', c.id, 'name', c.name) from public.customers c
      where c.tenant_id = old.tenant_id and c.id = (before ->> 'customer_id')::uuid));
  end if;
  if previous is not null then
    perform private.note_event(new.tenant_id, kind, new.id,
      case when kind = 'order' and previous ? 'status' then 'status_changed' else 'updated' end, previous);
  end if;
  return null;
end
$$;
comment on function private.note_record is 'AFTER a change of an order, customer or product. Argument: what it is.';
create trigger event after insert or update on public.orders
  for each row execute function private.note_record('order');
create trigger event after insert or update on public.customers
  for each row execute function private.note_record('customer');
create trigger event after insert or update on public.products
  for each row execute function private.note_record('product');

create function private.note_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.wants_events(old.tenant_id, tg_argv[0]) then
    perform private.note_event(old.tenant_id, tg_argv[0], old.id, 'deleted',
      data => private.event_data(old.tenant_id, tg_argv[0], old.id));
  end if;
  return old;
end
$$;
comment on function private.note_deletion is
  'BEFORE DELETE, while it can still be shown. Only of what is live: from the trash it was told before.';
create trigger event_deleted before delete on public.orders
  for each row when (old.deleted_at is null) execute function private.note_deletion('order');
create trigger event_deleted before delete on public.customers
  for each row when (old.deleted_at is null) execute function private.note_deletion('customer');
create trigger event_deleted before delete on public.products
  for each row when (old.deleted_at is null) execute function private.note_deletion('product');

-- An order's lines: for each statement, because that is how they are written.

create function private.line_document(i public.order_items)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'id', i.id, 'position', i.position, 'product_id', i.product_id, 'sku', i.sku, 'name', i.name,
    'quantity', i.quantity, 'unit_price', i.unit_price, 'discount_percent', i.discount_percent,
    'tax_rate', i.tax_rate, 'attributes', i.attributes, 'line_total', i.line_total)
$$;
comment on function private.line_document is 'A line as an order shows it.';

create function private.note_lines(tenant uuid, order_id uuid, lines jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Of an order that is gone itself everything is told already.
  if not private.is_told_as_new(tenant, 'order', order_id)
    and private.wants_events(tenant, 'order') and exists (
    select from public.orders o where o.tenant_id = tenant and o.id = note_lines.order_id)
  then
    perform private.note_event(tenant, 'order', order_id, 'updated', jsonb_build_object('items', lines));
  end if;
end
$$;

create function private.note_items()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform private.note_lines(i.tenant_id, i.order_id, '[]')
    from (select distinct tenant_id, order_id from added) as i;
  elsif tg_op = 'DELETE' then
    perform private.note_lines(i.tenant_id, i.order_id, i.lines)
    from (
      select g.tenant_id, g.order_id, jsonb_agg(private.line_document(g) order by g.position) as lines
      from gone g group by g.tenant_id, g.order_id) as i;
  else
    perform private.note_lines(i.tenant_id, i.order_id, i.lines)
    from (
      select b.tenant_id, b.order_id, jsonb_agg(private.line_document(b) order by b.position) as lines
      from before b join after a on a.tenant_id = b.tenant_id and a.id = b.id
      where private.line_document(a) <> private.line_document(b)
      group by b.tenant_id, b.order_id) as i;
  end if;
  return null;
end
$$;
comment on function private.note_items is 'AFTER a statement on lines: those changed or removed, as they were, are what their orders held.';
create trigger event_added after insert on public.order_items
  referencing new table as added for each statement execute function private.note_items();
create trigger event_changed after update on public.order_items
  referencing old table as before new table as after for each statement execute function private.note_items();
create trigger event_gone after delete on public.order_items
  referencing old table as gone for each statement execute function private.note_items();

create function private.note_file()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.wants_events(new.tenant_id, 'attachment') then
    perform private.note_event(new.tenant_id, 'attachment', new.id, 'ready');
  end if;
  return null;
end
$$;
create trigger event_made after insert on public.attachments
  for each row when (new.status = 'ready') execute function private.note_file();
create trigger event_ready after update of status on public.attachments
  for each row when (new.status = 'ready' and old.status <> 'ready') execute function private.note_file();

create function private.note_export()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.wants_events(new.tenant_id, 'export') then
    perform private.note_event(new.tenant_id, 'export', new.id, new.status::text);
  end if;
  return null;
end
$$;
create trigger event after update of status on public.exports
  for each row when (new.status in ('succeeded', 'failed') and old.status <> new.status)
  execute function private.note_export();

create function private.note_member()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    if private.wants_events(new.tenant_id, 'member') then
      perform private.note_event(new.tenant_id, 'member', new.user_id, 'joined');
    end if;
    return null;
  end if;
  if private.wants_events(old.tenant_id, 'member') then
    perform private.note_event(old.tenant_id, 'member', old.user_id, 'removed',
      data => private.event_data(old.tenant_id, 'member', old.user_id));
  end if;
  return old;
end
$$;
create trigger event_joined after insert on public.memberships
  for each row execute function private.note_member();
-- After guard_membership, which may refuse.
create trigger remove_event before delete on public.memberships
  for each row execute function private.note_member();

-- The end of the transaction ----------------------------------------------------------------------------------

create function private.net_previous(previous jsonb, data jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(key, case
    when key = 'items' then (
      select coalesce(jsonb_agg(line), '[]') from jsonb_array_elements(value) as line
      where not data -> 'items' @> jsonb_build_array(line))
    else value end), '{}')
  from jsonb_each(previous) where key = 'items' or value is distinct from data -> key
$$;
comment on function private.net_previous is 'Of what fields held before, what they do not hold now.';

create function private.complete_event()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  noted private.events;
  asked constant text := coalesce(current_setting('kontor.fan_out', true), '');
begin
  select e.* into noted from private.events e
  where e.tenant_id = new.tenant_id and e.id = new.id and not e.complete;
  if not found then
    return null;
  end if;
  if noted.data is null then
    noted.data := private.event_data(noted.tenant_id, noted.entity_type, noted.entity_id);
  end if;
  noted.previous := case when split_part(noted.type, '.', 2) in ('updated', 'status_changed')
    then private.net_previous(noted.previous, noted.data) end;
  if noted.data is null or (noted.type like '%.updated' and noted.previous = '{}') then
    delete from private.events e where e.tenant_id = noted.tenant_id and e.id = noted.id;
    return null;
  end if;
  update private.events e
  set data = noted.data, previous = noted.previous, complete = true
  where e.tenant_id = noted.tenant_id and e.id = noted.id;
  -- One job tells all that a transaction did in a tenant.
  if position(noted.tenant_id::text in asked) = 0 then
    perform set_config('kontor.fan_out', asked || ' ' || noted.tenant_id, true);
    perform private.enqueue(noted.tenant_id, 'fan_out_events', '{}');
  end if;
  return null;
end
$$;
comment on function private.complete_event is 'At the end of the transaction: what the record is now, and the job that tells it.';
create constraint trigger complete_event after insert or update of complete on private.events
  deferrable initially deferred for each row when (not new.complete)
  execute function private.complete_event();


-- =================================================================================================
-- sql/72_deliveries.sql
-- =================================================================================================

-- Deliveries: what an event becomes for each endpoint that subscribed, and what the tasks that send them
-- ask and say (tasks/webhooks).

create type public.delivery_status as enum ('pending', 'succeeded', 'failed');

create table public.webhook_deliveries (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  webhook_id uuid not null,
  event_id uuid not null,
  event_type text not null,
  entity_type text not null,
  entity_id uuid not null,
  sequence bigint not null,
  status public.delivery_status not null default 'pending',
  tries int not null default 0,
  attempt_count int not null default 0,
  next_attempt_at timestamptz default now(),
  response_status int,
  error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, webhook_id, event_id),
  constraint webhook_deliveries_webhook_id_fkey foreign key (tenant_id, webhook_id)
    references public.webhooks (tenant_id, id) on delete cascade,
  constraint webhook_deliveries_event_id_fkey foreign key (tenant_id, event_id)
    references private.events (tenant_id, id) on delete cascade
);
comment on table public.webhook_deliveries is 'What is, was or could not be sent to an endpoint.';
comment on column public.webhook_deliveries.sequence is 'The event''s: those of one record go out in this order.';
comment on column public.webhook_deliveries.tries is 'Attempts since it was last asked for: where it stands in the schedule of retries.';
comment on column public.webhook_deliveries.attempt_count is 'All attempts ever.';
create index webhook_deliveries_log_idx on public.webhook_deliveries (tenant_id, webhook_id, id desc);
-- In the very order in which they are sent: thousands are due at the same moment, and sorting them took
-- seconds for each twenty that went out.
create index webhook_deliveries_due_idx
  on public.webhook_deliveries (tenant_id, webhook_id, next_attempt_at, sequence) where status = 'pending';
create index webhook_deliveries_lane_idx on public.webhook_deliveries (tenant_id, webhook_id, entity_id, sequence)
  where status = 'pending';
create index webhook_deliveries_failed_idx on public.webhook_deliveries (tenant_id, webhook_id, created_at)
  where status = 'failed';
create index webhook_deliveries_event_idx on public.webhook_deliveries (tenant_id, event_id);

create table public.webhook_attempts (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  delivery_id uuid not null,
  at timestamptz not null,
  duration_ms int not null,
  url text not null,
  request_headers jsonb not null,
  response_status int,
  response_headers jsonb,
  response_body text,
  error text,
  primary key (tenant_id, id),
  constraint webhook_attempts_delivery_id_fkey foreign key (tenant_id, delivery_id)
    references public.webhook_deliveries (tenant_id, id) on delete cascade
);
comment on table public.webhook_attempts is 'Each time a delivery was sent, and what came back.';
comment on column public.webhook_attempts.response_body is 'Its first 4 KB.';
comment on column public.webhook_attempts.error is 'Why it counts as failed.';
create index webhook_attempts_delivery_idx on public.webhook_attempts (tenant_id, delivery_id, id);

alter table public.webhook_deliveries enable row level security;
alter table public.webhook_deliveries force row level security;
alter table public.webhook_attempts enable row level security;
alter table public.webhook_attempts force row level security;
grant select on public.webhook_deliveries, public.webhook_attempts to authenticated, service_role;
create policy "admins see what was sent to their tenant's webhooks"
  on public.webhook_deliveries for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));
create policy "admins see each attempt at their tenant's webhooks"
  on public.webhook_attempts for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));


create function private.schedule_deliveries(tenant uuid, webhook uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  next timestamptz;
begin
  select greatest(d.next_attempt_at, w.retry_at) into next
  from public.webhook_deliveries d join public.webhooks w on w.tenant_id = tenant and w.id = webhook and w.active
  where d.tenant_id = tenant and d.webhook_id = webhook and d.status = 'pending'
    and not exists (
      select from public.webhook_deliveries earlier
      where earlier.tenant_id = tenant and earlier.webhook_id = webhook
        and earlier.entity_id = d.entity_id and earlier.status = 'pending' and earlier.sequence < d.sequence)
  order by d.next_attempt_at limit 1;
  if found then
    -- An endpoint has one job, which sends what is due and then has itself called again. In a queue of
    -- its own: what is asked for while it runs comes after it.
    perform private.enqueue(
      tenant, 'deliver_webhook', jsonb_build_object('webhook_id', webhook),
      job_key => 'webhook:' || webhook, run_at => next, max_attempts => 25, queue => 'webhook:' || webhook);
  end if;
end
$$;
comment on function private.schedule_deliveries is 'Has an endpoint''s deliveries sent when the next is due.';

create function private.fan_out_events(tenant uuid)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  told uuid[];
begin
  if not exists (select from private.events e where e.tenant_id = tenant and not e.fanned_out) then
    return false; -- An earlier job did it.
  end if;
  -- One at a time, or the later of two events of a record might overtake the earlier.
  perform pg_advisory_xact_lock(hashtextextended('fan out ' || tenant, 0));
  with taken as (
    update private.events e set fanned_out = true
    from (
      select waiting.id from private.events waiting
      where waiting.tenant_id = tenant and not waiting.fanned_out
      order by waiting.sequence limit 1000
    ) as next
    where e.tenant_id = tenant and e.id = next.id
    returning e.*
  ), made as (
    insert into public.webhook_deliveries (
      tenant_id, webhook_id, event_id, event_type, entity_type, entity_id, sequence)
    select t.tenant_id, w.id, t.id, t.type, t.entity_type, t.entity_id, t.sequence
    from taken t join public.webhooks w on w.tenant_id = tenant and w.active and t.type = any (w.events)
    order by t.sequence
    on conflict do nothing
    returning webhook_id
  )
  select array_agg(distinct m.webhook_id) into told from made m;
  perform private.schedule_deliveries(tenant, webhook) from unnest(told) as webhook;
  return exists (select from private.events e where e.tenant_id = tenant and not e.fanned_out);
end
$$;
comment on function private.fan_out_events is
  'Makes the deliveries of a tenant''s events that have none, up to a thousand events; true: there are more.';

create function private.event_body(e private.events)
returns text
language sql
stable
set search_path = ''
set timezone = 'UTC'
as $$
  select json_build_object(
    'id', e.id, 'type', e.type, 'timestamp', e.created_at, 'tenant_id', e.tenant_id,
    'data', e.data || case when e.previous is null then '{}'
      else jsonb_build_object('previous', e.previous) end)::text
$$;
comment on function private.event_body is 'What is sent, and signed: the same text every time.';

create function private.begin_deliveries(tenant uuid, webhook uuid)
returns json
language sql
stable
security definer
set search_path = ''
as $$
  select json_build_object(
    'url', w.url, 'failures', w.failures,
    'wait_ms', greatest(0, extract(epoch from w.retry_at - clock_timestamp()) * 1000)::int,
    'sealed_secrets', (
      select json_agg(s.sealed_secret order by s.id desc) from private.webhook_secrets s
      where s.tenant_id = tenant and s.webhook_id = w.id and (s.valid_until is null or s.valid_until > now())))
  from public.webhooks w join public.tenants t on t.id = w.tenant_id and t.deleted_at is null
  where w.tenant_id = tenant and w.id = webhook and w.active
$$;
comment on function private.begin_deliveries is 'Where to send, and what to sign with, newest first; null: nothing is to be sent any more.';

create function private.due_deliveries(tenant uuid, webhook uuid, busy uuid[], most int)
returns table (id uuid, event_id uuid, event_type text, tries int, body text)
language sql
stable
security definer
set search_path = ''
as $$
  select d.id, d.event_id, d.event_type, d.tries, private.event_body(e)
  from (
    select due.* from public.webhook_deliveries due
    where due.tenant_id = tenant and due.webhook_id = webhook and due.status = 'pending'
      and due.next_attempt_at <= clock_timestamp() and due.id <> all (busy)
      and not exists (
        select from public.webhook_deliveries earlier
        where earlier.tenant_id = tenant and earlier.webhook_id = webhook
          and earlier.entity_id = due.entity_id and earlier.status = 'pending'
          and earlier.sequence < due.sequence)
    order by due.next_attempt_at, due.sequence limit most
  ) as d
  join private.events e on e.tenant_id = tenant and e.id = d.event_id
  join public.webhooks w on w.tenant_id = tenant and w.id = webhook and w.active
  order by d.next_attempt_at, d.sequence
$$;
comment on function private.due_deliveries is
  'What may be sent now: of each record the first that is not done, and none that is under way.';

create function private.disable_webhook(tenant uuid, webhook uuid, reason text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  address text;
begin
  update public.webhooks w set active = false, disabled_reason = left(reason, 500), version = w.version + 1
  where w.tenant_id = tenant and w.id = webhook and w.active
  returning w.url into address;
  if not found then
    return;
  end if;
  update public.webhook_deliveries d
  set status = 'failed', finished_at = now(), next_attempt_at = null,
    error = coalesce(d.error || ' ', '') || 'The endpoint was turned off.'
  where d.tenant_id = tenant and d.webhook_id = webhook and d.status = 'pending';
  perform private.enqueue_email(tenant, 'webhook_disabled', p.email,
    jsonb_build_object('url', address, 'reason', left(reason, 500)))
  from (
    select person.email from public.memberships m join public.people person on person.id = m.user_id
    where m.tenant_id = tenant and m.role >= 'admin'
    -- Fewer than are allowed within an hour, or nothing of this would be kept.
    limit greatest(private.mails_left(tenant), 0)
  ) as p;
end
$$;
comment on function private.disable_webhook is
  'Turns an endpoint off: what waits for it fails, and its tenant''s admins are mailed.';

create function private.finish_attempts(tenant uuid, webhook uuid, outcomes jsonb)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  present public.webhooks;
  -- Since the last success among them; tests that failed say nothing about an endpoint.
  failed int;
  succeeded boolean;
  gone boolean;
  reason text;
begin
  select w.* into present from public.webhooks w
  where w.tenant_id = tenant and w.id = webhook for no key update;
  if not found then
    return null;
  end if;

  insert into public.webhook_attempts (
    tenant_id, delivery_id, at, duration_ms, url, request_headers, response_status, response_headers,
    response_body, error)
  select tenant, d.id, o.at, o.duration_ms, o.url, o.request_headers, o.response_status,
    o.response_headers, o.response_body, o.error
  from jsonb_to_recordset(outcomes) as o (
    delivery_id uuid, at timestamptz, duration_ms int, url text, request_headers jsonb,
    response_status int, response_headers jsonb, response_body text, error text)
  join public.webhook_deliveries d on d.tenant_id = tenant and d.id = o.delivery_id;

  update public.webhook_deliveries d
  set tries = d.tries + 1, attempt_count = d.attempt_count + 1, response_status = o.response_status,
    error = o.error, status = o.status,
    next_attempt_at = case when o.status = 'pending' then now() + o.retry_in_ms * interval '1 millisecond' end,
    finished_at = case when o.status <> 'pending' then now() end
  from jsonb_to_recordset(outcomes) as o (
    delivery_id uuid, status public.delivery_status, response_status int, error text, retry_in_ms bigint)
  where d.tenant_id = tenant and d.id = o.delivery_id and d.status = 'pending';

  select coalesce(bool_or(o.status = 'succeeded'), false), coalesce(bool_or(o.gone), false),
    (array_agg(o.error order by o.place desc) filter (where o.error is not null))[1]
  into succeeded, gone, reason
  from rows from (jsonb_to_recordset(outcomes) as (
    status text, error text, gone boolean, test boolean)) with ordinality as o (status, error, gone, test, place)
  where not o.test or o.status = 'succeeded';
  select count(*) into failed
  from rows from (jsonb_to_recordset(outcomes) as (status text, test boolean))
    with ordinality as o (status, test, place)
  where o.status <> 'succeeded' and not o.test and o.place > all (
    select ok.place from rows from (jsonb_to_recordset(outcomes) as (status text))
      with ordinality as ok (status, place)
    where ok.status = 'succeeded');

  update public.webhooks w
  set last_success_at = case when succeeded then now() else w.last_success_at end,
    last_failure_at = case when failed > 0 then now() else w.last_failure_at end,
    failures = case when succeeded then 0 else w.failures end + failed,
    failing_since = case when failed = 0 and not succeeded then w.failing_since
      when failed = 0 then null
      when succeeded then now() else coalesce(w.failing_since, now()) end
  where w.tenant_id = tenant and w.id = webhook
  returning w.* into present;

  if gone or (failed > 0 and present.failing_since < now() - interval '5 days') then
    perform private.disable_webhook(tenant, webhook, reason);
    return null;
  end if;
  return json_build_object('failures', present.failures);
end
$$;
comment on function private.finish_attempts is
  'Keeps what became of attempts, in their order, and how the endpoint fares; null: nothing more is to be sent to it.';

create function private.rest_webhook(tenant uuid, webhook uuid, ms bigint)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.webhooks w set retry_at = clock_timestamp() + ms * interval '1 millisecond'
  where w.tenant_id = tenant and w.id = webhook
$$;
comment on function private.rest_webhook is 'Leaves an endpoint that fails again and again alone for a while.';

create function private.tend_webhooks()
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  pruned int;
begin
  -- Whose jobs somebody cancelled, or gave up: they begin anew.
  perform private.enqueue(e.tenant_id, 'fan_out_events', '{}')
  from (
    select distinct waiting.tenant_id from private.events waiting
    where not waiting.fanned_out and waiting.created_at < now() - interval '1 minute') as e
  where private.is_live_tenant(e.tenant_id) and not exists (
    select from private.jobs_of(e.tenant_id) j where j.task = 'fan_out_events' and j.state <> 'failed');
  perform private.schedule_deliveries(d.tenant_id, d.webhook_id)
  from (
    select distinct due.tenant_id, due.webhook_id from public.webhook_deliveries due
    where due.status = 'pending' and due.next_attempt_at < now() - interval '1 minute') as d
  where private.is_live_tenant(d.tenant_id) and not exists (
    select from graphile_worker._private_jobs j
    where j.key = 'webhook:' || d.webhook_id and j.attempts < j.max_attempts);
  delete from private.events e
  where e.created_at < now() - interval '30 days' and e.fanned_out and not exists (
    select from public.webhook_deliveries d
    where d.tenant_id = e.tenant_id and d.event_id = e.id and d.status = 'pending');
  get diagnostics pruned = row_count;
  delete from private.webhook_secrets where valid_until < now();
  return pruned;
end
$$;
comment on function private.tend_webhooks is
  'Takes up deliveries that no job works on, and forgets events and their deliveries after 30 days; answers how many.';

grant execute on function private.fan_out_events, private.schedule_deliveries, private.begin_deliveries,
  private.due_deliveries, private.finish_attempts, private.rest_webhook, private.tend_webhooks
  to kontor_worker;


-- =================================================================================================
-- sql/74_webhook_calls.sql
-- =================================================================================================

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


-- =================================================================================================
-- sql/80_audit.sql
-- =================================================================================================

-- Audit: every change of a tenant's records leaves an entry, in the transaction of the change. Entries
-- are never changed again; soon after, a task seals them into their tenant's chain of hashes, so that a
-- later change by whoever owns the machine shows.

-- Months --------------------------------------------------------------------------------------------------

create function private.first_uuid_v7(at timestamptz)
returns uuid
language sql
immutable
set search_path = ''
as $$
  select encode(substring(int8send((extract(epoch from at) * 1000)::bigint) from 3)
    || '\x70008000000000000000'::bytea, 'hex')::uuid
$$;
comment on function private.first_uuid_v7 is 'The lowest version 7 UUID of a millisecond: ids compare with it as their times do.';
grant execute on function private.first_uuid_v7 to authenticated;

create table audit.entries (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  at timestamptz not null default now(),
  actor_kind text not null check (actor_kind in ('user', 'api_key', 'analyst', 'system')),
  actor_id text,
  action text not null,
  entity_type text not null,
  entity_id text not null,
  changes jsonb not null default '{}',
  ip inet,
  user_agent text,
  request_id text,
  metadata jsonb not null default '{}',
  salt bytea default uuid_send(gen_random_uuid()),
  erased jsonb,
  position bigint,
  hash bytea,
  primary key (tenant_id, id),
  check ((position is null) = (hash is null))
) partition by range (id);
comment on table audit.entries is 'Who changed what, from where. Only triggers and private.record_audit write here.';
comment on column audit.entries.id is 'Ordered by time, so that a month is a range of ids.';
comment on column audit.entries.actor_id is 'The person''s or key''s id; an analyst''s or the system''s database role.';
comment on column audit.entries.changes is '{field: [old, new]}.';
comment on column audit.entries.metadata is
  'door: portal, api, rest, auth, task or sql. of: the record that this one is a part of, <type>:<id>. currency: what amounts among the changes are in.';
comment on column audit.entries.salt is
  'Random: what the chain holds of personal values is their digest with it. Gone once they are erased.';
comment on column audit.entries.erased is
  'The digests of what was erased; of all values metadata.of is left, the record they were erased with.';
comment on column audit.entries.position is 'Place in the tenant''s chain, from 1; null until it is sealed.';
comment on column audit.entries.hash is 'SHA-256 of the predecessor''s hash, the position and the canonical entry.';

create index entries_entity_idx on audit.entries (tenant_id, entity_id, id desc);
create index entries_kind_idx on audit.entries (tenant_id, entity_type, id desc);
create index entries_part_idx on audit.entries (tenant_id, (metadata ->> 'of'), id desc)
  where metadata ? 'of';
create index entries_actor_idx on audit.entries (tenant_id, actor_id, id desc);
-- What is rare and looked for; creations and updates are found soon without.
create index entries_action_idx on audit.entries (tenant_id, action, id desc)
  where action not in ('create', 'update');
create index entries_unsealed_idx on audit.entries (tenant_id, id) where hash is null;
create index entries_position_idx on audit.entries (tenant_id, position) where position is not null;

alter table audit.entries enable row level security;
alter table audit.entries force row level security;
-- Not exposed by PostgREST; the functions list them through this policy.
grant usage on schema audit to authenticated;
grant select (tenant_id, id, at, actor_kind, actor_id, action, entity_type, entity_id, changes, ip,
  user_agent, request_id, metadata) on audit.entries to authenticated;
create policy "admins read their tenant's log"
  on audit.entries for select to authenticated
  using (tenant_id = (select private.current_tenant('admin')));

-- Where entries of a month nobody made a partition for wait: a write never fails for want of one.
create table audit.entries_other partition of audit.entries default;
alter table audit.entries_other enable row level security;
alter table audit.entries_other force row level security;

create function private.make_audit_partition(month date)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  name constant text := 'entries_' || to_char(month, 'YYYY_MM');
  lowest constant uuid := private.first_uuid_v7(date_trunc('month', month) at time zone 'UTC');
  above constant uuid :=
    private.first_uuid_v7((date_trunc('month', month) + interval '1 month') at time zone 'UTC');
begin
  perform pg_advisory_xact_lock(hashtextextended('audit partitions', 0));
  if to_regclass('audit.' || name) is not null then
    return;
  end if;
  execute format('create table audit.%I (like audit.entries including defaults including constraints)', name);
  execute format('alter table audit.%I enable row level security', name);
  execute format('alter table audit.%I force row level security', name);
  lock table audit.entries_other in access exclusive mode;
  execute format(
    'with moved as (delete from audit.entries_other where id >= %L and id < %L returning *)
     insert into audit.%I select * from moved', lowest, above, name);
  execute format(
    'alter table audit.entries attach partition audit.%I for values from (%L) to (%L)', name, lowest, above);
end
$$;
comment on function private.make_audit_partition is 'Makes a month''s partition of audit.entries, and moves what waited for it.';

create function private.make_audit_partitions()
returns void
language sql
security definer
set search_path = ''
as $$
  select private.make_audit_partition((date_trunc('month', now()) + n * interval '1 month')::date)
  from generate_series(0, 3) as n
$$;
comment on function private.make_audit_partitions is 'Partitions of this month and the next three; again and again, it makes what is missing.';
grant execute on function private.make_audit_partitions to kontor_worker;
select private.make_audit_partitions();

-- Who, from where, through which door ---------------------------------------------------------------------

create type audit.origin as (
  actor_kind text, actor_id text, door text, ip inet, user_agent text, request_id text);

create function private.audit_origin()
returns audit.origin
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  claims constant json := nullif(current_setting('request.jwt.claims', true), '')::json;
  headers constant json := nullif(current_setting('request.headers', true), '')::json;
  -- Our own gateway sets it; what a client says there does not get this far.
  address constant text := btrim(split_part(coalesce(headers ->> 'x-forwarded-for', ''), ',', 1));
begin
  if session_user not in ('authenticator', 'kontor_functions', 'kontor_worker') then
    -- A person with SQL: what they set about a request is their word only.
    return row(
      case when exists (select from private.analysts a where a.role_name = session_user)
        then 'analyst' else 'system' end,
      session_user, 'sql', inet_client_addr(), left(current_setting('application_name'), 500),
      null)::audit.origin;
  end if;
  return row(
    case
      when claims ->> 'api_key_id' is not null then 'api_key'
      when claims ->> 'sub' is not null then 'user'
      else 'system'
    end,
    coalesce(claims ->> 'api_key_id', claims ->> 'sub', session_user),
    case
      when session_user = 'authenticator' then 'rest'
      when session_user = 'kontor_worker' then 'task'
      when headers ->> 'x-forwarded-prefix' = '/api' then 'portal'
      -- The gateway tells the functions of what PostgREST refused.
      when headers ->> 'x-forwarded-prefix' = '/rest/v1' then 'rest'
      else 'api'
    end,
    private.as_address(address),
    left(headers ->> 'user-agent', 500),
    left(headers ->> 'x-request-id', 200))::audit.origin;
end
$$;
comment on function private.audit_origin is
  'Who writes, through which door and from where. The doors'' own logins tell by settings; everybody else is who logged in.';

create function private.record_audit(
  tenant uuid, action text, entity_type text, entity_id text,
  changes jsonb default '{}', metadata jsonb default '{}')
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  origin constant audit.origin := private.audit_origin();
begin
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, changes, ip, user_agent,
    request_id, metadata)
  values (
    tenant, origin.actor_kind, origin.actor_id, action, entity_type, entity_id, changes, origin.ip,
    origin.user_agent, origin.request_id,
    jsonb_strip_nulls(metadata) || jsonb_build_object('door', origin.door));
end
$$;
comment on function private.record_audit is
  'Writes an entry about what is not a change of a row: a sign-in, a download, a refusal. For our own logins alone.';
grant execute on function private.record_audit to kontor_functions, kontor_worker;

create function private.record_download(tenant uuid, entity_type text, entity_id text, metadata jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  origin constant audit.origin := private.audit_origin();
begin
  -- Whoever asks for the same file again at once (a page that is loaded anew) downloads it once.
  if not exists (
    select from audit.entries e
    where e.tenant_id = tenant and e.entity_type = record_download.entity_type
      and e.entity_id = record_download.entity_id
      and e.id > private.first_uuid_v7(now() - interval '1 minute')
      and e.action = 'download' and e.actor_id = origin.actor_id
      and e.metadata @> record_download.metadata)
  then
    perform private.record_audit(
      tenant, 'download', entity_type, entity_id, metadata => record_download.metadata);
  end if;
end
$$;
comment on function private.record_download is
  'Writes that the caller was given a file or the address of one; of is the record it belongs to.';
grant execute on function private.record_download to kontor_functions;

create function private.record_refusal(entity_type text, entity_id text, metadata jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.current_tenant('viewer', 'tenant');
begin
  -- Strangers leave nothing in a log that is not theirs.
  if tenant is not null then
    perform private.record_audit(
      tenant, 'refused', entity_type, entity_id, metadata => record_refusal.metadata);
  end if;
end
$$;
comment on function private.record_refusal is
  'Writes that a member was refused a write, after it was rolled back: {method, path, code, reason}.';
grant execute on function private.record_refusal to kontor_functions;


-- =================================================================================================
-- sql/82_audit_sessions.sql
-- =================================================================================================

-- Audit: signing in and out. The auth server makes and ends sessions; triggers on its table see all of
-- them, whoever asked. The functions, which know more about who asked, say so beforehand.

create table private.session_origins (
  id uuid primary key,
  person uuid,
  origin audit.origin not null,
  is_counted boolean not null default false,
  created_at timestamptz not null default now()
);
comment on table private.session_origins is
  'Who is about to sign in or out through the functions, for as long as the auth server takes.';
comment on column private.session_origins.id is
  'Of a sign-in: what the functions add to the user agent, which the session then carries. Of a sign-out: the session.';
comment on column private.session_origins.is_counted is
  'The auth server reported one refused password of this person: the functions record it, who know from where.';
alter table private.session_origins enable row level security;
alter table private.session_origins force row level security;

create table private.password_failures (
  person uuid primary key references auth.users (id) on delete cascade,
  failures int not null default 1,
  last_at timestamptz not null default now()
);
comment on table private.password_failures is
  'Wrong passwords in a row, wherever they came from: a hundred, and none is taken for an hour. Signing in by any way forgets them.';
comment on column private.password_failures.last_at is 'Of the last one that counted: while nothing is taken, none does.';
alter table private.password_failures enable row level security;
alter table private.password_failures force row level security;

create function private.announce_session(id uuid, email text default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from private.session_origins s where s.created_at < now() - interval '10 minutes';
  insert into private.session_origins (id, person, origin)
  values (
    announce_session.id,
    (select p.id from public.people p where p.email = lower(btrim(announce_session.email))),
    private.audit_origin());
end
$$;
comment on function private.announce_session is 'Before the functions ask the auth server to make or end a session.';

create function private.record_session(person uuid, action text, origin audit.origin, metadata jsonb default '{}')
returns void
language sql
security definer
set search_path = ''
as $$
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, ip, user_agent, request_id, metadata)
  select m.tenant_id, 'user', person::text, action, 'session', person::text, (origin).ip,
    left((origin).user_agent, 500), (origin).request_id,
    jsonb_strip_nulls(metadata) || jsonb_build_object('door', (origin).door)
  from public.memberships m where m.user_id = person
$$;
comment on function private.record_session is
  'Writes sign_in, sign_in_failed or sign_out of a person into the log of each tenant they belong to.';

create function private.end_announcement(id uuid, refused text default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  announced private.session_origins;
begin
  delete from private.session_origins s where s.id = end_announcement.id returning s.* into announced;
  if refused is not null and announced.person is not null then
    perform private.record_session(
      announced.person, 'sign_in_failed', announced.origin, jsonb_build_object('reason', refused));
  end if;
end
$$;
comment on function private.end_announcement is
  'When the auth server has answered: a sign-in it refused, and why, is recorded of people whom we know.';
grant execute on function private.announce_session, private.end_announcement to kontor_functions;

create function private.audit_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  mark text;
  found private.session_origins;
begin
  if tg_op = 'DELETE' then
    delete from private.session_origins s where s.id = old.id returning s.* into found;
    perform private.record_session(old.user_id, 'sign_out',
      coalesce(found.origin, row(null, null, 'auth', null, null, null)::audit.origin));
  elsif tg_op = 'INSERT' or old.ip is null then
    delete from private.password_failures f where f.person = new.user_id;
    mark := substring(new.user_agent from ' kontor/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
    delete from private.session_origins s where s.id = mark::uuid returning s.* into found;
    perform private.record_session(new.user_id, 'sign_in',
      coalesce(found.origin, row(null, null, 'auth', new.ip, new.user_agent, null)::audit.origin));
  end if;
  return null;
end
$$;
comment on function private.audit_session is
  'AFTER a session is made (and says from where) or ended, by whatever way: sign_in or sign_out.';
create trigger audit_begin after insert on auth.sessions
  for each row when (new.ip is not null) execute function private.audit_session();
create trigger audit_origin after update of ip on auth.sessions
  for each row when (old.ip is null and new.ip is not null) execute function private.audit_session();
create trigger audit_end after delete on auth.sessions
  for each row execute function private.audit_session();

create function private.password_verification_attempt(event jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  who constant uuid := event ->> 'user_id';
  is_valid constant boolean := coalesce((event ->> 'valid')::boolean, true);
  most constant int := 100;
  earlier int;
begin
  select f.failures into earlier from private.password_failures f
  where f.person = who and f.last_at > now() - interval '1 hour' for update;
  if not is_valid and coalesce(earlier, 0) < most then
    insert into private.password_failures (person) values (who)
    on conflict (person) do update set failures = coalesce(earlier, 0) + 1, last_at = now();
  end if;
  if not is_valid then
    update private.session_origins s set is_counted = true
    where s.id = (
      select o.id from private.session_origins o
      where o.person = who and not o.is_counted and o.created_at > now() - interval '1 minute'
      order by o.created_at limit 1 for update skip locked);
    if not found then
      perform private.record_session(who, 'sign_in_failed',
        row(null, null, 'auth', (event ->> 'ip')::inet, event ->> 'user_agent', null)::audit.origin,
        jsonb_build_object('reason', 'invalid_credentials'));
    end if;
  end if;
  if earlier >= most then
    -- In the auth server's own words for a wrong one: others would tell who has an account.
    return jsonb_build_object('decision', 'reject', 'message', 'Invalid login credentials');
  end if;
  return jsonb_build_object('decision', 'continue');
end
$$;
comment on function private.password_verification_attempt is
  'The auth server''s hook of that name: {user_id, valid}. After a hundred wrong ones in a row even the right one is refused for an hour, so that nobody guesses on from many addresses. One refused password, one entry: here, unless the functions announced it and record it themselves. GoTrue does not say from where; our embedded one does.';
grant usage on schema private to supabase_auth_admin;
grant execute on function private.password_verification_attempt to supabase_auth_admin;


-- =================================================================================================
-- sql/83_sessions.sql
-- =================================================================================================

-- Sessions: where a person is signed in, and an end to it. The rows are the auth server's own.

create function public.my_sessions()
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  present constant uuid := private.present_session();
begin
  perform private.refuse_api_key();
  return (
    select coalesce(json_agg(json_build_object(
      'id', s.id,
      'created_at', s.created_at,
      -- GoTrue keeps this one without a zone, in UTC.
      'last_used_at', greatest(s.created_at, s.refreshed_at at time zone 'UTC'),
      'ip', host(s.ip),
      -- What the functions add to recognise a session by is nobody else's business.
      'user_agent', nullif(regexp_replace(s.user_agent, ' ?kontor/[0-9a-f-]{36}$', ''), ''),
      'current', s.id is not distinct from present)
      order by s.id is not distinct from present desc,
        greatest(s.created_at, s.refreshed_at at time zone 'UTC') desc, s.id), '[]')
    from (
      select * from auth.sessions o
      where o.user_id = auth.uid() and (o.not_after is null or o.not_after > now())
      order by o.id is not distinct from present desc, o.refreshed_at desc nulls last, o.created_at desc
      limit 200) as s);
end
$$;
comment on function public.my_sessions is 'Where the caller is signed in: the present session first, then the one used last.';
grant execute on function public.my_sessions to authenticated;

create function public.end_sessions(id uuid default null)
returns uuid[]
language plpgsql
security definer
set search_path = ''
as $$
declare
  present constant uuid := private.present_session();
  ended uuid[];
begin
  perform private.refuse_api_key();
  select coalesce(array_agg(s.id), '{}') into ended from auth.sessions s
  where s.user_id = auth.uid()
    and case when end_sessions.id is null then s.id is distinct from present else s.id = end_sessions.id end;
  if end_sessions.id is not null and ended = '{}' then
    perform private.refuse(404, 'not_found', 'There is no such session.');
  end if;
  -- The log is to say who ended it, and from where.
  insert into private.session_origins (id, person, origin)
  select one, auth.uid(), private.audit_origin() from unnest(ended) as one
  on conflict do nothing;
  delete from auth.sessions s where s.id = any (ended);
  return ended;
end
$$;
comment on function public.end_sessions is
  'Signs the caller out of one session, or of all but the present one. Their tokens are void (private.refuse_dead_token).';
grant execute on function public.end_sessions to authenticated;

-- The second factor ---------------------------------------------------------------------------------------

create function private.custom_access_token(event jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Nothing is granted to anon, and the functions take it for nobody.
  if event #>> '{claims,aal}' is distinct from 'aal2' and exists (
    select from auth.mfa_factors f
    where f.user_id = (event ->> 'user_id')::uuid and f.status = 'verified')
  then
    return jsonb_set(event, '{claims,role}', '"anon"');
  end if;
  return event;
end
$$;
comment on function private.custom_access_token is
  'The auth server''s hook of that name: whoever has a second factor and has not proven it is nobody, at every door.';
grant execute on function private.custom_access_token to supabase_auth_admin;


-- =================================================================================================
-- sql/84_audit_changes.sql
-- =================================================================================================

-- Audit: changes of rows. What an entry says of one, and the triggers of every table that has any.

create function private.field_changes(before jsonb, after jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_object_agg(key, jsonb_build_array(before -> key, after -> key)), '{}')
    from jsonb_object_keys(before || after) as key
    where before -> key is distinct from after -> key
      and key <> all ('{tenant_id,id,version,created_at,updated_at,created_by,object_key}')
      -- Never a secret, neither hashed nor encrypted; when it was changed is none.
      and (key !~ 'secret|token|hash|password|crypt|cipher' or key like '%\_at'));
end
$$;
comment on function private.field_changes is 'The fields in which two rows differ, {field: [old, new]}; never a secret.';

create function private.audit_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  entity constant text := tg_argv[0];
  before jsonb := '{}';
  after jsonb := '{}';
  present jsonb;
  changes jsonb;
  origin audit.origin;
begin
  if tg_op <> 'INSERT' then
    before := jsonb_strip_nulls(to_jsonb(old));
    present := before;
  end if;
  if tg_op <> 'DELETE' then
    after := jsonb_strip_nulls(to_jsonb(new));
    present := after;
  end if;
  changes := private.field_changes(before, after);
  if changes = '{}' and tg_op = 'UPDATE' then
    return null;
  end if;

  origin := private.audit_origin();
  if origin.door = 'task' and origin.actor_kind = 'system' and entity in ('export', 'email')
    and present ->> 'status' in ('running', 'succeeded', 'failed', 'sent')
    and present ->> 'requested_by' is not null
  then
    origin.actor_kind := 'user';
    origin.actor_id := present ->> 'requested_by';
  end if;
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, changes, ip, user_agent,
    request_id, metadata)
  values (
    (present ->> tg_argv[1])::uuid, origin.actor_kind, origin.actor_id,
    case
      when tg_op = 'INSERT' then case entity when 'export' then 'export' when 'api_key' then 'key_created' else 'create' end
      when tg_op = 'DELETE' then 'delete'
      when entity = 'api_key' and changes ? 'revoked_at' then 'key_revoked'
      when entity = 'member' and changes ? 'role' then 'role_change'
      when changes ? 'deleted_at' then case when after ? 'deleted_at' then 'delete' else 'restore' end
      else 'update'
    end,
    entity, present ->> tg_argv[2], changes, origin.ip, origin.user_agent, origin.request_id,
    jsonb_strip_nulls(jsonb_build_object(
      'door', origin.door,
      -- What its amounts are in; of an item, its order's.
      'currency', case when entity = 'order_item'
        then (select o.currency from public.orders o
          where o.tenant_id = (present ->> 'tenant_id')::uuid and o.id = (present ->> 'order_id')::uuid)
        else present ->> 'currency' end,
      'of', case when tg_nargs > 4
        then coalesce(present ->> tg_argv[3], tg_argv[3]) || ':' || (present #>> string_to_array(tg_argv[4], '.')) end)));
  return null;
end
$$;
comment on function private.audit_change is
  'AFTER a change of a row: one entry. Arguments: entity type, tenant''s column, id''s column; for a part of another record its type (or the column with it) and the column (or path) with its id.';

create trigger audit after insert or update or delete on public.tenants
  for each row execute function private.audit_change('tenant', 'id', 'id');
create trigger audit after insert or update or delete on public.memberships
  for each row execute function private.audit_change('member', 'tenant_id', 'user_id');
create trigger audit after insert or update or delete on public.invitations
  for each row execute function private.audit_change('invitation', 'tenant_id', 'id');
create trigger audit after insert or update or delete on public.custom_fields
  for each row execute function private.audit_change('custom_field', 'tenant_id', 'id');
create trigger audit after insert or update or delete on public.customers
  for each row execute function private.audit_change('customer', 'tenant_id', 'id');
create trigger audit after insert or update or delete on public.products
  for each row execute function private.audit_change('product', 'tenant_id', 'id');
create trigger audit after insert or update or delete on public.orders
  for each row execute function private.audit_change('order', 'tenant_id', 'id');
-- A new order brings many at once.
create function private.audit_items()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  origin constant audit.origin := private.audit_origin();
  -- As private.field_changes has it: of each field of each item it took longer than all else.
  untold constant text[] := '{tenant_id,id}';
begin
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, changes, ip, user_agent,
    request_id, metadata)
  select i.tenant_id, origin.actor_kind, origin.actor_id, 'create', 'order_item', i.id::text,
    (select jsonb_object_agg(field.key, jsonb_build_array(null, field.value))
      from jsonb_each(jsonb_strip_nulls(to_jsonb(i)) - untold) as field),
    origin.ip, origin.user_agent,
    origin.request_id,
    jsonb_build_object('door', origin.door, 'currency', o.currency, 'of', 'order:' || i.order_id)
  from added i left join public.orders o on o.tenant_id = i.tenant_id and o.id = i.order_id
  order by i.order_id, i.position;
  return null;
end
$$;
comment on function private.audit_items is 'AFTER a statement that added items: one entry for each, written together.';
create trigger audit_insert after insert on public.order_items
  referencing new table as added for each statement execute function private.audit_items();
create trigger audit after update or delete on public.order_items
  for each row execute function private.audit_change('order_item', 'tenant_id', 'id', 'order', 'order_id');
-- Not where its bytes are, nor whether it has a preview: those follow by themselves.
create trigger audit after insert or delete or update of status on public.attachments
  for each row execute function private.audit_change('attachment', 'tenant_id', 'id', 'entity_type', 'entity_id');
-- Not its progress, which changes every second.
create trigger audit after insert or delete or update of status on public.exports
  for each row execute function private.audit_change('export', 'tenant_id', 'id');
create trigger audit after insert or delete or update of status on public.emails
  for each row execute function private.audit_change('email', 'tenant_id', 'id', 'order', 'params.order_id');
-- Not how its deliveries fare. Its secrets are in a table of their own.
create trigger audit after insert or delete
  or update of url, events, description, active, disabled_reason, secret_rotated_at
  on public.webhooks for each row execute function private.audit_change('webhook', 'tenant_id', 'id');
-- Not its last use, which changes every minute.
create trigger audit after insert or delete or update of label, role, scopes, expires_at, revoked_at
  on public.api_keys for each row execute function private.audit_change('api_key', 'tenant_id', 'id');
create trigger audit after insert or update or delete on private.storage_quotas
  for each row execute function private.audit_change('storage_quota', 'tenant_id', 'tenant_id');


-- =================================================================================================
-- sql/85_backups.sql
-- =================================================================================================

-- Backups: what became of each, so that monitoring can tell. The backups themselves are made and proven
-- by scripts/backup/, outside of this database.

create table private.backups (
  id text primary key,
  state text not null default 'running' constraint backups_state
    check (state in ('running', 'proven', 'failed', 'damaged')),
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  bytes bigint,
  reason text
);
comment on table private.backups is 'Every backup that was begun and is still kept, and every one that failed.';
comment on column private.backups.state is
  'proven: restored into a scratch database and found equal. damaged: was so, and its objects have changed since.';
comment on column private.backups.bytes is 'What it takes in the store.';
comment on column private.backups.reason is 'Why it failed, or what is damaged, as a sentence.';
alter table private.backups enable row level security;
alter table private.backups force row level security;

create function private.backup_status()
returns table (
  state text, started_at timestamptz, bytes bigint, proven_at timestamptz, damaged int)
language sql
stable
security definer
set search_path = ''
as $$
  select latest.state, latest.started_at, latest.bytes,
    (select max(b.started_at) from private.backups b where b.state = 'proven'),
    (select count(*)::int from private.backups b where b.state = 'damaged')
  from (
    select b.* from private.backups b where b.state <> 'running' order by b.started_at desc limit 1
  ) as latest
$$;
comment on function private.backup_status is
  'The latest backup that has ended, when the latest proven one began, and how many kept ones are damaged; no row before the first.';
grant execute on function private.backup_status to kontor_worker;


-- =================================================================================================
-- sql/86_audit_chain.sql
-- =================================================================================================

-- Audit: the chain. How entries are sealed, how long they are kept, and how values are erased from them
-- without breaking it.

-- The chain -----------------------------------------------------------------------------------------------

create table audit.chains (
  tenant_id uuid primary key,
  position bigint not null default 0,
  hash bytea not null default decode(repeat('00', 32), 'hex'),
  sealed_at timestamptz,
  first_position bigint not null default 1,
  first_predecessor bytea not null default decode(repeat('00', 32), 'hex'),
  retention_days int not null default 1095
    constraint chains_retention_days_range check (retention_days between 30 and 36500)
);
comment on table audit.chains is 'Where each tenant''s chain ends, and where it begins now that old entries are gone.';
comment on column audit.chains.position is 'How many entries have ever been sealed.';
comment on column audit.chains.hash is 'The hash of the last of them.';
comment on column audit.chains.first_position is 'The oldest that is kept; those before were older than the tenant keeps them.';
comment on column audit.chains.first_predecessor is 'The hash before it.';
comment on column audit.chains.retention_days is 'How long the tenant keeps its log.';
alter table audit.chains enable row level security;
alter table audit.chains force row level security;

-- What scripts/audit/canonical.ts computes as well, for whoever does not trust this database.

create function private.audit_digests(e audit.entries)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'changes', encode(sha256(e.salt || convert_to('changes:' || e.changes::text, 'UTF8')), 'hex'),
    'ip', encode(sha256(e.salt || convert_to('ip:' || coalesce(host(e.ip), ''), 'UTF8')), 'hex'),
    'metadata', encode(sha256(e.salt || convert_to('metadata:' || e.metadata::text, 'UTF8')), 'hex'),
    'user_agent', encode(sha256(e.salt || convert_to('user_agent:' || coalesce(e.user_agent, ''), 'UTF8')), 'hex'));
end
$$;
comment on function private.audit_digests is 'What the chain holds in place of personal values: salted SHA-256 digests of them.';

create function private.audit_canonical(e audit.entries, place bigint)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return json_build_array(
    place, e.tenant_id, e.id, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.actor_kind, e.actor_id, e.action, e.entity_type, e.entity_id, e.request_id,
    coalesce(e.erased, private.audit_digests(e)))::text;
end
$$;
comment on function private.audit_canonical is
  'An entry as text in its place of the chain, the same for the same entry: what is hashed.';

create function private.seal_audit(up_to int default 5000)
returns int
language plpgsql
security definer
set search_path = ''
-- Planned without looking at how many there are this time: by the primary key, whatever the table holds.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  waiting record;
  chain audit.chains;
  ids uuid[];
  texts text[];
  hashes bytea[];
  sealed int := 0;
begin
  -- One after the other: a chain has one end.
  if not pg_try_advisory_xact_lock(hashtextextended('audit seal', 0)) then
    return 0;
  end if;
  for waiting in
    select e.tenant_id, count(*) as entries
    from (select n.tenant_id from audit.entries n where n.hash is null order by n.tenant_id, n.id limit up_to) as e
    group by e.tenant_id order by e.tenant_id
  loop
    insert into audit.chains (tenant_id) values (waiting.tenant_id) on conflict do nothing;
    select c.* into chain from audit.chains c where c.tenant_id = waiting.tenant_id for update;
    select array_agg(n.id order by n.id), array_agg(n.text order by n.id) into ids, texts
    from (
      select e.id, private.audit_canonical(e, chain.position + row_number() over (order by e.id)) as text
      from audit.entries e
      where e.tenant_id = waiting.tenant_id and e.hash is null
      order by e.id limit waiting.entries) as n;
    hashes := '{}';
    for place in 1 .. coalesce(cardinality(ids), 0) loop
      chain.hash := sha256(chain.hash || convert_to(texts[place], 'UTF8'));
      hashes[place] := chain.hash;
    end loop;
    update audit.entries e set position = chain.position + n.place, hash = n.hash
    from unnest(ids, hashes) with ordinality as n (id, hash, place)
    where e.tenant_id = waiting.tenant_id and e.id = n.id;
    update audit.chains c
    set position = chain.position + coalesce(cardinality(ids), 0), hash = chain.hash, sealed_at = clock_timestamp()
    where c.tenant_id = waiting.tenant_id;
    sealed := sealed + coalesce(cardinality(ids), 0);
  end loop;
  return sealed;
end
$$;
comment on function private.seal_audit is
  'Adds committed entries to their tenants'' chains, each tenant''s in the order of their ids; answers how many. Writers never wait for it. Called every minute: for so long whoever owns the machine could change an entry unseen.';
grant execute on function private.seal_audit to kontor_worker;

-- How long it is kept --------------------------------------------------------------------------------------

create function private.prune_audit()
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  chain audit.chains;
  oldest uuid;
  first bigint;
  part int;
  pruned int := 0;
  empty text;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit seal', 0));
  for chain in select * from audit.chains order by tenant_id for update loop
    oldest := private.first_uuid_v7(now() - make_interval(days => chain.retention_days));
    -- A chain loses its beginning only: up to the first entry that is kept.
    select coalesce(min(e.position), chain.position + 1) into first
    from audit.entries e where e.tenant_id = chain.tenant_id and e.position is not null and e.id >= oldest;
    if first > chain.first_position then
      update audit.chains c set first_position = first, first_predecessor = e.hash
      from audit.entries e
      where c.tenant_id = chain.tenant_id and e.tenant_id = c.tenant_id and e.position = first - 1;
      delete from audit.entries e where e.tenant_id = chain.tenant_id and e.position < first;
      get diagnostics part = row_count;
      pruned := pruned + part;
      -- The chain itself says where it begins now.
      perform private.record_audit(chain.tenant_id, 'delete', 'audit_log', chain.tenant_id::text,
        metadata => jsonb_build_object('entries', part, 'first_position', first));
    end if;
  end loop;

  for empty in
    select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'audit.entries'::regclass
      and c.relname ~ '^entries_\d{4}_\d{2}$'
      and to_date(right(c.relname, 7), 'YYYY_MM') < now() - interval '2 months'
  loop
    execute format('select count(*) from (select from audit.%I limit 1) as one', empty) into part;
    if part = 0 then
      execute format('drop table audit.%I', empty);
    end if;
  end loop;
  return pruned;
end
$$;
comment on function private.prune_audit is
  'Deletes entries older than their tenant keeps them, and months that hold none any more; answers how many entries.';
grant execute on function private.prune_audit to kontor_worker;

create function public.audit_retention()
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('admin');
begin
  perform private.refuse_api_key();
  return (
    select json_build_object(
      'days', coalesce(max(c.retention_days), 1095), 'sealed', coalesce(max(c.position), 0),
      'sealed_at', max(c.sealed_at))
    from audit.chains c where c.tenant_id = tenant);
end
$$;
comment on function public.audit_retention is
  'For how many days the active tenant keeps its log, and how much of it is sealed: {days, sealed, sealed_at}. Admins.';
grant execute on function public.audit_retention to authenticated;

create function public.set_audit_retention(days int)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('owner');
  before int;
begin
  perform private.refuse_api_key();
  if coalesce(days, 0) not between 30 and 36500 then
    perform private.refuse(422, 'validation_failed', 'A log is kept for 30 to 36500 days.', 'days');
  end if;
  insert into audit.chains (tenant_id) values (tenant) on conflict do nothing;
  select c.retention_days into before from audit.chains c where c.tenant_id = tenant for update;
  if before <> days then
    update audit.chains c set retention_days = days where c.tenant_id = tenant;
    perform private.record_audit(tenant, 'update', 'audit_log', tenant::text,
      jsonb_build_object('retention_days', jsonb_build_array(before, days)));
  end if;
  return public.audit_retention();
end
$$;
comment on function public.set_audit_retention is 'For how many days the active tenant keeps its log. Owners.';
grant execute on function public.set_audit_retention to authenticated;

-- Erasing values -------------------------------------------------------------------------------------------

create function public.erase_audit(entity_type text, entity_id text)
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('owner');
  record constant text := erase_audit.entity_type || ':' || erase_audit.entity_id;
  erased int;
begin
  perform private.refuse_api_key();
  if erase_audit.entity_type in ('audit_values', 'audit_log') then
    perform private.refuse(422, 'validation_failed', 'What happened to the log itself stays.', 'entity_type');
  end if;
  update audit.entries e
  set erased = private.audit_digests(e), salt = null, changes = '{}', ip = null, user_agent = null,
    metadata = jsonb_build_object('of', record)
  where e.tenant_id = tenant and e.erased is null and e.entity_type not in ('audit_values', 'audit_log')
    and (e.entity_type = erase_audit.entity_type and e.entity_id = erase_audit.entity_id
      or e.metadata ? 'of' and e.metadata ->> 'of' = record);
  get diagnostics erased = row_count;
  perform private.record_audit(tenant, 'delete', 'audit_values', erase_audit.entity_id,
    metadata => jsonb_build_object('of', record, 'entries', erased));
  return erased;
end
$$;
comment on function public.erase_audit is
  'Erases for good the values in the entries of a record and its parts, leaving that something happened; the chain holds. Answers how many entries. Owners.';
grant execute on function public.erase_audit to authenticated;


-- =================================================================================================
-- sql/87_system.sql
-- =================================================================================================

-- The system as a whole: for those who operate this installation, across all tenants; and what
-- monitoring asks. Nobody becomes an operator but by SQL of the database's owner.

create table private.operators (
  user_id uuid primary key references public.people (id) on delete cascade,
  created_at timestamptz not null default now()
);
comment on table private.operators is
  'People who see how the whole installation is: insert into private.operators select id from public.people where email = ….';
alter table private.operators enable row level security;
alter table private.operators force row level security;

create function public.is_operator()
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select private.api_key_id() is null
    and exists (select from private.operators o where o.user_id = auth.uid())
$$;
comment on function public.is_operator is 'Whether the caller operates this installation. A machine never does.';
grant execute on function public.is_operator to authenticated;

-- The queue -----------------------------------------------------------------------------------------------

create function private.queue_state()
returns table (task text, waiting int, running int, scheduled int, failed int, oldest_seconds float)
language plpgsql
stable
security definer
set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
    select t.identifier,
      (count(*) filter (where j.locked_at is null and j.is_available and j.run_at <= now()))::int,
      (count(*) filter (where j.locked_at is not null))::int,
      (count(*) filter (where j.locked_at is null and j.is_available and j.run_at > now()))::int,
      (count(*) filter (where j.locked_at is null and not j.is_available))::int,
      -- What waits for another job of its own queue is not late.
      coalesce(extract(epoch from now() - min(j.run_at) filter (
        where j.locked_at is null and j.is_available and j.run_at <= now() and q.locked_at is null)), 0)::float
    from graphile_worker._private_jobs j
    join graphile_worker._private_tasks t on t.id = j.task_id
    left join graphile_worker._private_job_queues q on q.id = j.job_queue_id
    group by t.identifier;
end
$$;
comment on function private.queue_state is 'All tenants'' jobs by task: could run, run, wait for their time, given up; and how long the oldest has waited.';

-- Backups -------------------------------------------------------------------------------------------------

create function private.backups_late(proven_at timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
  select proven_at is null or proven_at < now() - interval '36 hours'
$$;
comment on function private.backups_late is 'Whether a nightly backup has been missed.';

-- What monitoring asks --------------------------------------------------------------------------------------

create function private.health_facts()
returns table (queue_seconds float, backup_state text, backup_late boolean, backups_damaged int)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
    select (select coalesce(max(q.oldest_seconds), 0)::float from private.queue_state() q),
      b.state, private.backups_late(b.proven_at), coalesce(b.damaged, 0)
    from (select) as always left join private.backup_status() b on true;
end
$$;
comment on function private.health_facts is 'How long the oldest job has waited, and how the backups are; no state before the first.';
grant execute on function private.health_facts to kontor_functions;

-- What operators see ----------------------------------------------------------------------------------------

create function private.slow_queries()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  since timestamptz;
  found jsonb;
begin
  if to_regprocedure('extensions.pg_stat_statements(boolean)') is null
    or current_setting('shared_preload_libraries') not like '%pg_stat_statements%'
  then
    return '{"available": false, "since": null, "data": []}';
  end if;
  select i.stats_reset into since from extensions.pg_stat_statements_info i;
  select coalesce(jsonb_agg(to_jsonb(s) order by s.total_ms desc), '[]') into found from (
    select
      -- Postgres itself puts $1 for values, but not where it forgot a statement while it ran.
      left(regexp_replace(regexp_replace(s.query, '''([^'']|'''')*''', '''…''', 'g'),
        '\m\d{5,}\M', '0', 'g'), 2000) as query,
      r.rolname as role, s.calls, round(s.total_exec_time::numeric, 1) as total_ms,
      round(s.mean_exec_time::numeric, 2) as mean_ms, round(s.max_exec_time::numeric, 1) as max_ms, s.rows
    from extensions.pg_stat_statements(true) s
    join pg_catalog.pg_roles r on r.oid = s.userid
    where s.dbid = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
      -- Of others nothing is replaced: a role's password would be here.
      and s.query ~* '^\s*(select|insert|update|delete|with|merge|copy)\M'
      -- What analysts ran is their tenant's to see, in its audit log.
      and not exists (select from private.analysts a where a.role_name = r.rolname)
    order by s.total_exec_time desc limit 25) as s;
  return jsonb_build_object('available', true, 'since', since, 'data', found);
end
$$;
comment on function private.slow_queries is 'The statements that took most time in all, without values.';

create function private.storage_state()
returns jsonb
language sql
stable
set search_path = ''
as $$
  with attachments as (
    select a.tenant_id, count(*) as files, sum(a.byte_size) as bytes
    from public.attachments a where a.status = 'ready' group by 1
  ), exports as (
    select e.tenant_id, count(*) as files, sum(e.byte_size) as bytes
    from public.exports e where e.object_key is not null group by 1
  ), tenants as (
    select t.id, t.slug, t.name, coalesce(a.bytes, 0) as attachments, coalesce(e.bytes, 0) as exports,
      coalesce(a.bytes, 0) + coalesce(e.bytes, 0) as total
    from public.tenants t
    left join attachments a on a.tenant_id = t.id
    left join exports e on e.tenant_id = t.id
    order by total desc, t.slug limit 50
  )
  select jsonb_build_object(
    'database', pg_database_size(current_database()),
    'attachments', (
      select jsonb_build_object('count', coalesce(sum(files), 0), 'bytes', coalesce(sum(bytes), 0)) from attachments),
    'exports', (
      select jsonb_build_object('count', coalesce(sum(files), 0), 'bytes', coalesce(sum(bytes), 0)) from exports),
    'backups', (
      select jsonb_build_object('count', count(*), 'bytes', coalesce(sum(b.bytes), 0))
      from private.backups b where b.state in ('proven', 'damaged')),
    'tenants', (
      select coalesce(jsonb_agg(to_jsonb(t) order by t.total desc, t.slug), '[]') from tenants t))
$$;
comment on function private.storage_state is 'What files, exports, backups and the database take, as the rows here say.';

create function private.backup_history()
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'ok', (
      select b.state = 'proven' and b.damaged = 0 and not private.backups_late(b.proven_at)
      from private.backup_status() b),
    'last_proven_at', (select max(b.started_at) from private.backups b where b.state = 'proven'),
    'damaged', (select count(*) from private.backups b where b.state = 'damaged'),
    'latest', (
      select coalesce(jsonb_agg(to_jsonb(b) order by b.started_at desc), '[]') from (
        select b.id, b.state, b.started_at, b.ended_at, b.bytes, b.reason
        from private.backups b order by b.started_at desc limit 14) as b))
$$;

create function private.latest_migration()
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select max(m.version) from supabase_migrations.schema_migrations m);
exception
  when undefined_table or invalid_schema_name then return null; -- built from sql/ itself
end
$$;

create function public.system_report()
returns json
language plpgsql
stable
security definer
set search_path = ''
set timezone = 'UTC'
as $$
begin
  if not public.is_operator() then
    perform private.refuse(403, 'forbidden', 'This is for those who operate this installation.');
  end if;
  return (
    with tasks as (select * from private.queue_state())
    select jsonb_build_object(
      'at', now(),
      'versions', jsonb_build_object(
        'postgres', current_setting('server_version'),
        -- What it calls itself to the database.
        'postgrest', (
          select substring(a.application_name from '^PostgREST (\S+)') from pg_catalog.pg_stat_activity a
          where a.application_name like 'PostgREST %' limit 1),
        'migration', private.latest_migration()),
      'queue', (
        select jsonb_build_object(
          'waiting', coalesce(sum(t.waiting), 0), 'running', coalesce(sum(t.running), 0),
          'scheduled', coalesce(sum(t.scheduled), 0), 'failed', coalesce(sum(t.failed), 0),
          'oldest_seconds', coalesce(max(t.oldest_seconds), 0),
          'tasks', coalesce(jsonb_agg(to_jsonb(t) - 'oldest_seconds'
            order by t.waiting + t.running + t.scheduled + t.failed desc, t.task), '[]'))
        from tasks t),
      'slow_queries', private.slow_queries(),
      'storage', private.storage_state(),
      'backups', private.backup_history()));
end
$$;
comment on function public.system_report is
  'Versions, queue, slow queries, storage and backups of the whole installation. Operators.';
grant execute on function public.system_report to authenticated;


-- =================================================================================================
-- sql/88_audit_views.sql
-- =================================================================================================

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


-- =================================================================================================
-- sql/90_analytics.sql
-- =================================================================================================

-- Analysts: people with SQL. Each has a personal login, member of analyst, that reads views of its own
-- tenant. Their identity is session_user and nothing else: a person with SQL can call set_config.

create table private.analysts (
  role_name name primary key,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  label text not null check (char_length(btrim(label)) between 1 and 200),
  created_by uuid references public.people (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_login_at timestamptz,
  revoked_at timestamptz,
  person_id uuid references public.people (id) on delete cascade
);
comment on table private.analysts is 'Which tenant a personal analyst login belongs to.';
comment on column private.analysts.last_login_at is 'As the worker last saw it logged in.';
comment on column private.analysts.person_id is
  'Who works with it in the portal''s SQL box; null for a login that somebody was given.';
create index analysts_tenant_idx on private.analysts (tenant_id, created_at);
create unique index analysts_person_idx on private.analysts (tenant_id, person_id) where person_id is not null;
alter table private.analysts enable row level security;
alter table private.analysts force row level security;

create function private.analyst_tenant()
returns uuid
language sql
stable
parallel safe
security definer
set search_path = ''
as $$
  select a.tenant_id
  from private.analysts a
  join public.tenants t on t.id = a.tenant_id and t.deleted_at is null
  where a.role_name = session_user and a.revoked_at is null
    and (a.expires_at is null or a.expires_at > now())
$$;
comment on function private.analyst_tenant is 'The tenant of the analyst who is logged in, by session_user; null for everybody else.';
grant execute on function private.analyst_tenant to analyst;

create policy "analysts read their tenant's customers"
  on public.customers for select to analyst
  using (tenant_id = (select private.analyst_tenant()));
create policy "analysts read their tenant's products"
  on public.products for select to analyst
  using (tenant_id = (select private.analyst_tenant()));
create policy "analysts read their tenant's orders"
  on public.orders for select to analyst
  using (tenant_id = (select private.analyst_tenant()));
create policy "analysts read their tenant's order items"
  on public.order_items for select to analyst
  using (tenant_id = (select private.analyst_tenant()));
create policy "analysts read their tenant"
  on public.tenants for select to analyst
  using (id = (select private.analyst_tenant()));

grant usage on schema public to analyst;
grant select on public.customers, public.products, public.orders, public.order_items,
  public.currencies to analyst;
grant select (id, slug, name, currency, time_zone) on public.tenants to analyst;

-- Views: only what is live, in plain words ---------------------------------------------------------------

create view analytics.customers with (security_invoker) as
select id, kind::text as kind, name, email, phone, tax_id,
  billing_address, shipping_address, tags, custom, created_at, updated_at
from public.customers where deleted_at is null;

create view analytics.products with (security_invoker) as
select id, sku, name, unit_price, currency, tax_rate, unit, active, custom, created_at, updated_at
from public.products where deleted_at is null;

create view analytics.orders with (security_invoker) as
select id, number, status::text as status, customer_id, currency, placed_at,
  subtotal, discount_total, tax_total, shipping_total, total, notes, custom, created_at, updated_at
from public.orders where deleted_at is null;

create view analytics.order_items with (security_invoker) as
select i.id, i.order_id, o.number as order_number, i.position, i.product_id, i.sku, i.name,
  i.quantity, i.unit_price, o.currency, i.discount_percent, i.discount, i.tax_rate, i.tax,
  i.line_total, i.attributes
from public.order_items i
join public.orders o on o.tenant_id = i.tenant_id and o.id = i.order_id
where o.deleted_at is null;

create view analytics.revenue_by_month with (security_invoker) as
select
  date_trunc('month', o.placed_at at time zone t.time_zone)::date as month,
  o.currency, count(*) as orders, sum(o.subtotal) as net, sum(o.tax_total) as tax, sum(o.total) as total
from public.orders o
join public.tenants t on t.id = o.tenant_id
where o.deleted_at is null and o.status <> 'cancelled'
group by 1, 2;

create view analytics.revenue_by_customer with (security_invoker) as
select
  c.id as customer_id, c.name as customer, o.currency, o.orders, o.net, o.tax, o.total,
  o.first_order_at, o.last_order_at
from (
  select tenant_id, customer_id, currency, count(*) as orders, sum(subtotal) as net,
    sum(tax_total) as tax, sum(total) as total, min(placed_at) as first_order_at,
    max(placed_at) as last_order_at
  from public.orders
  where deleted_at is null and status <> 'cancelled' and customer_id is not null
  group by tenant_id, customer_id, currency
) as o
join public.customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id;

create view analytics.order_funnel with (security_invoker) as
select
  date_trunc('month', o.placed_at at time zone t.time_zone)::date as month,
  count(*) as placed,
  count(*) filter (where o.status in ('processing', 'shipped', 'delivered')) as processing,
  count(*) filter (where o.status in ('shipped', 'delivered')) as shipped,
  count(*) filter (where o.status = 'delivered') as delivered,
  count(*) filter (where o.status = 'cancelled') as cancelled
from public.orders o
join public.tenants t on t.id = o.tenant_id
where o.deleted_at is null
group by 1;

grant select on analytics.customers, analytics.products, analytics.orders, analytics.order_items,
  analytics.revenue_by_month, analytics.revenue_by_customer, analytics.order_funnel to analyst;

do $$
declare
  views constant jsonb := '{
    "customers": "The live customers of your tenant.",
    "products": "The live products of your tenant.",
    "orders": "The live orders of your tenant.",
    "order_items": "The lines of your tenant\u0027s live orders.",
    "revenue_by_month": "Orders placed per month in the tenant\u0027s time zone, per currency, cancelled ones left out.",
    "revenue_by_customer": "What each customer has ordered, per currency, cancelled orders left out.",
    "order_funnel": "How far the orders placed in a month have come by now: each stage counts those beyond it, too."
  }';
  -- A word means the same in every view; where it does not, it stands with its view.
  columns constant jsonb := '{
    "id": "Its id: what other views point to.",
    "kind": "company or person.",
    "name": "What it is called.",
    "email": "E-mail address.",
    "phone": "Telephone number.",
    "tax_id": "Such as a VAT number.",
    "billing_address": "Address for invoices: an object of text fields.",
    "shipping_address": "Address for deliveries: an object of text fields.",
    "tags": "Words that the customer was marked with.",
    "custom": "The tenant\u0027s own fields: an object.",
    "created_at": "When it was entered.",
    "updated_at": "When it was last changed.",
    "sku": "Stock keeping unit: the product\u0027s own number.",
    "unit_price": "Net price of one unit.",
    "currency": "Of the amounts beside it: three letters (ISO 4217).",
    "tax_rate": "Percent.",
    "unit": "What is counted: piece, hour, kg.",
    "active": "Whether it is still sold.",
    "number": "The order\u0027s number, without gaps.",
    "status": "pending, processing, shipped, delivered or cancelled.",
    "customer_id": "Points to customers.id.",
    "customer": "The customer\u0027s name.",
    "placed_at": "When the customer ordered.",
    "subtotal": "Net, after discounts, before tax and shipping.",
    "discount_total": "What the discounts took off, already out of subtotal.",
    "tax_total": "Tax of all lines.",
    "shipping_total": "Shipping charged.",
    "total": "Net, tax and shipping together.",
    "notes": "What was written on the order.",
    "order_id": "Points to orders.id.",
    "order_number": "The order\u0027s number.",
    "position": "Place in the order, from 1.",
    "product_id": "Points to products.id; empty for what is no product.",
    "quantity": "How many units.",
    "discount_percent": "Percent off this line.",
    "discount": "The same as an amount.",
    "tax": "Tax of the line.",
    "line_total": "Net of the line, after its discount.",
    "attributes": "Whatever else belongs to the line: an object.",
    "month": "First day of the month.",
    "orders": "How many.",
    "net": "Sum of their subtotals.",
    "first_order_at": "When the first of them was placed.",
    "last_order_at": "When the last of them was placed.",
    "placed": "All orders of the month.",
    "processing": "Of these: being worked on, or further.",
    "shipped": "Of these: on their way, or further.",
    "delivered": "Of these: delivered.",
    "cancelled": "Of these: cancelled.",
    "revenue_by_month.tax": "Sum of their taxes.",
    "revenue_by_month.total": "Sum of their totals.",
    "revenue_by_customer.tax": "Sum of their taxes.",
    "revenue_by_customer.total": "Sum of their totals."
  }';
  it record;
begin
  for it in select key as view, value as says from jsonb_each_text(views) loop
    execute format('comment on view analytics.%I is %L', it.view, it.says);
  end loop;
  for it in
    select table_name as view, column_name as name
    from information_schema.columns where table_schema = 'analytics'
  loop
    execute format('comment on column analytics.%I.%I is %L', it.view, it.name,
      coalesce(columns ->> (it.view || '.' || it.name), columns ->> it.name));
  end loop;
end
$$;

create function public.analytics_schema()
returns json
language sql
stable
set search_path = ''
as $$
  select coalesce(json_agg(json_build_object(
    'name', v.relname,
    'comment', obj_description(v.oid, 'pg_class'),
    'columns', (
      select json_agg(json_build_object(
        'name', c.attname,
        'type', format_type(c.atttypid, c.atttypmod),
        'comment', col_description(v.oid, c.attnum)) order by c.attnum)
      from pg_catalog.pg_attribute c where c.attrelid = v.oid and c.attnum > 0 and not c.attisdropped)
  ) order by v.relname), '[]')
  from pg_catalog.pg_class v
  join pg_catalog.pg_namespace n on n.oid = v.relnamespace
  where n.nspname = 'analytics' and v.relkind = 'v'
$$;
comment on function public.analytics_schema is
  'What analysts can read: the views, their columns, and what is said of them.';
grant execute on function public.analytics_schema to authenticated;


-- =================================================================================================
-- sql/92_analyst_logins.sql
-- =================================================================================================

-- Analysts' logins: made, given a new password and ended by a tenant's admins; and those that the portal's
-- SQL box works with.

-- Making and ending logins ------------------------------------------------------------------------------

create function private.analyst_document(a private.analysts)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'role_name', a.role_name, 'label', a.label, 'created_by', a.created_by, 'created_at', a.created_at,
    'expires_at', a.expires_at, 'last_login_at', a.last_login_at, 'revoked_at', a.revoked_at)
$$;

create function private.new_analyst_password()
returns text
language sql
volatile
set search_path = ''
as $$
  select replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
$$;
comment on function private.new_analyst_password is '244 random bits.';

create function private.make_analyst_login(role_name name, password text, connections int, valid_until text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  execute format('create role %I login inherit connection limit %s valid until %L password %L',
    role_name, connections, valid_until, password);
  -- Postgres 15 knows no more than that the login inherits; later ones keep it from set role, too.
  execute format(case when current_setting('server_version_num')::int < 160000
    then 'grant analyst to %I' else 'grant analyst to %I with inherit true, set false' end, role_name);
  execute format('alter role %I set default_transaction_read_only = on', role_name);
  execute format('alter role %I set statement_timeout = %L', role_name, '60s');
  execute format('alter role %I set idle_in_transaction_session_timeout = %L', role_name, '5min');
  execute format('alter role %I set idle_session_timeout = %L', role_name, '1h');
  -- Whoever closes the window does not let a statement run on.
  execute format('alter role %I set client_connection_check_interval = %L', role_name, '1s');
  execute format('alter role %I set work_mem = %L', role_name, '32MB');
  execute format('alter role %I set search_path = analytics', role_name);
  -- Only a superuser may hand this right on: whoever made the cluster did, or the limit is not set.
  if has_parameter_privilege(current_user, 'temp_file_limit', 'set') then
    execute format('alter role %I set temp_file_limit = %L', role_name, '1GB');
  end if;
end
$$;

create function private.new_analyst_name()
returns name
language sql
volatile
set search_path = ''
as $$
  -- It says nothing of the tenant: logins can see each other's names.
  select ('analyst_' || left(replace(gen_random_uuid()::text, '-', ''), 16))::name
$$;

create function private.require_analyst(tenant uuid, role_name text)
returns private.analysts
language plpgsql
set search_path = ''
as $$
declare
  found private.analysts;
begin
  select a.* into found from private.analysts a
  where a.tenant_id = tenant and a.role_name = require_analyst.role_name and a.revoked_at is null
    and a.person_id is null
  for update;
  if found.role_name is null then
    perform private.refuse(404, 'not_found', 'There is no such login, or it was revoked.');
  end if;
  return found;
end
$$;

create function private.end_analyst_sessions(role_name name)
returns void
language sql
security definer
set search_path = ''
as $$
  select pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a where a.usename = role_name
$$;
comment on function private.end_analyst_sessions is 'Closes the open connections of a login.';

create function private.drop_analyst_login()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.end_analyst_sessions(old.role_name);
  execute format('drop role if exists %I', old.role_name);
  return null;
end
$$;
comment on function private.drop_analyst_login is
  'AFTER DELETE: a login goes with its tenant, that of the SQL box with its person.';
create trigger drop_login after delete on private.analysts
  for each row execute function private.drop_analyst_login();

create function public.create_analyst(label text, expires_at timestamptz default null)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  role_name name := private.new_analyst_name();
  password text := private.new_analyst_password();
begin
  perform private.refuse_api_key();
  if create_analyst.expires_at <= now() then
    perform private.refuse(422, 'validation_failed', 'This lies in the past.', 'expires_at');
  end if;
  if coalesce(char_length(btrim(create_analyst.label)), 0) not between 1 and 200 then
    perform private.refuse(422, 'validation_failed', 'A label has 1 to 200 characters.', 'label');
  end if;
  if (select count(*) from private.analysts a where a.tenant_id = tenant and a.revoked_at is null and a.person_id is null) >= 50 then
    perform private.refuse(409, 'conflict', 'A tenant has fifty logins at most. Revoke one first.');
  end if;
  insert into private.analysts (role_name, tenant_id, label, created_by, expires_at)
  values (role_name, tenant, btrim(create_analyst.label), auth.uid(), create_analyst.expires_at);

  perform private.make_analyst_login(
    role_name, password, 5, coalesce(create_analyst.expires_at::text, 'infinity'));
  perform private.record_audit(tenant, 'analyst_created', 'analyst', role_name,
    metadata => jsonb_build_object('label', btrim(create_analyst.label)));
  return json_build_object('role_name', role_name, 'password', password);
end
$$;
comment on function public.create_analyst is
  'Makes a personal read-only database login for the active tenant: {role_name, password}, the password only here. Admins.';
grant execute on function public.create_analyst to authenticated;

create function public.list_analysts()
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
    select coalesce(json_agg(private.analyst_document(a) order by a.created_at desc), '[]')
    from private.analysts a where a.tenant_id = tenant and a.person_id is null);
end
$$;
comment on function public.list_analysts is 'The database logins of the active tenant, newest first, revoked ones too. Admins.';
grant execute on function public.list_analysts to authenticated;

create function public.rotate_analyst(role_name text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
  password text := private.new_analyst_password();
begin
  perform private.refuse_api_key();
  perform private.require_analyst(tenant, rotate_analyst.role_name);
  execute format('alter role %I password %L', rotate_analyst.role_name, password);
  perform private.end_analyst_sessions(rotate_analyst.role_name);
  perform private.record_audit(tenant, 'analyst_rotated', 'analyst', rotate_analyst.role_name);
  return json_build_object('role_name', rotate_analyst.role_name, 'password', password);
end
$$;
comment on function public.rotate_analyst is
  'Gives a login a new password, {role_name, password}, and closes what is open with the old one. Admins.';
grant execute on function public.rotate_analyst to authenticated;

create function public.revoke_analyst(role_name text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant uuid := private.require_role('admin');
begin
  perform private.refuse_api_key();
  perform private.require_analyst(tenant, revoke_analyst.role_name);
  update private.analysts a set revoked_at = now() where a.role_name = revoke_analyst.role_name;
  execute format('alter role %I nologin password null', revoke_analyst.role_name);
  perform private.end_analyst_sessions(revoke_analyst.role_name);
  perform private.record_audit(tenant, 'analyst_revoked', 'analyst', revoke_analyst.role_name);
end
$$;
comment on function public.revoke_analyst is 'Ends a login and closes its connections. Admins.';
grant execute on function public.revoke_analyst to authenticated;

-- What they run is logged -----------------------------------------------------------------------------------

create function private.logged_statement(statement text)
returns text
language sql
immutable
set search_path = ''
as $fn$
  -- Anybody may change their own password.
  select left(regexp_replace(statement,
    '(\mpassword\M(?:\s|/\*.*?\*/)*)(?:e|u&)?(?:''(?:[^'']|'''')*''|\$(\w*)\$.*?\$\2\$)', '\1''…''', 'gi'), 10000)
$fn$;
comment on function private.logged_statement is 'A statement as the log may hold it: without a password.';

-- The SQL box: a person's statement runs as an analyst's login, too, so that it can do no more ------------

create function private.open_sql_box(statement text)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('admin');
  person constant uuid := auth.uid();
  password constant text := private.new_analyst_password();
  -- Long enough to connect.
  valid_until constant text := (clock_timestamp() + interval '2 minutes')::text;
  login name;
begin
  perform private.refuse_api_key();
  -- A person's statements come one by one: the password of one is not changed under another.
  perform pg_advisory_xact_lock(hashtextextended(tenant::text || person, 0));
  select a.role_name into login from private.analysts a where a.tenant_id = tenant and a.person_id = person;
  if login is null then
    login := private.new_analyst_name();
    insert into private.analysts (role_name, tenant_id, label, created_by, person_id)
    values (login, tenant, 'SQL box', person, person);
    perform private.make_analyst_login(login, password, 1, valid_until);
  else
    -- The one before may be on its way out.
    for attempt in 1..20 loop
      exit when not exists (select from pg_catalog.pg_stat_activity s where s.usename = login);
      if attempt = 20 then
        perform private.refuse(409, 'conflict', 'Another statement of yours is running: one at a time.');
      end if;
      perform pg_sleep(0.1), pg_stat_clear_snapshot();
    end loop;
    execute format('alter role %I password %L valid until %L', login, password, valid_until);
  end if;
  perform private.record_audit(tenant, 'query', 'analyst', login,
    metadata => jsonb_build_object('sql', private.logged_statement(statement)));
  return json_build_object('role_name', login, 'password', password);
end
$$;
comment on function private.open_sql_box is
  'Gives the caller''s own login of the SQL box a new password for one statement, {role_name, password}, and logs that statement. Admins.';
grant execute on function private.open_sql_box to kontor_functions;


-- =================================================================================================
-- sql/94_analyst_watch.sql
-- =================================================================================================

-- Watching analysts, for the worker: what they run is cancelled when it takes too long, and logged.

-- What the last look saw. Not kept over a crash, as what they are compared with is not.
create unlogged table private.analyst_sessions (
  role_name name not null references private.analysts (role_name) on delete cascade,
  pid int not null,
  backend_start timestamptz not null,
  primary key (role_name, pid, backend_start)
);
comment on table private.analyst_sessions is 'The connections that were there when the worker last looked.';
alter table private.analyst_sessions enable row level security;
alter table private.analyst_sessions force row level security;

create unlogged table private.analyst_statements (
  role_name name not null references private.analysts (role_name) on delete cascade,
  query_id bigint not null,
  calls bigint not null,
  rows bigint not null,
  ms double precision not null,
  primary key (role_name, query_id)
);
comment on table private.analyst_statements is
  'How often each statement had run when the worker last looked: what is more was not logged yet.';
alter table private.analyst_statements enable row level security;
alter table private.analyst_statements force row level security;

create function private.record_analyst(
  analyst private.analysts, action text, ip inet, program text, metadata jsonb)
returns void
language sql
set search_path = ''
as $$
  insert into audit.entries (
    tenant_id, actor_kind, actor_id, action, entity_type, entity_id, ip, user_agent, metadata)
  values (analyst.tenant_id, 'analyst', analyst.role_name, action, 'analyst', analyst.role_name, ip,
    left(nullif(program, ''), 500), jsonb_strip_nulls(metadata) || '{"door": "sql"}')
$$;
comment on function private.record_analyst is 'Writes into the log of a tenant what its analyst did, as the worker saw it.';

create function private.stop_long_statements(longest interval default '60 seconds')
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  it record;
  done boolean;
  stopped int := 0;
begin
  -- statement_timeout is the session's own to change; this is not.
  for it in
    select a as analyst, s.pid, s.query, s.client_addr, s.application_name,
      clock_timestamp() - s.query_start as ran
    from pg_catalog.pg_stat_activity s
    join private.analysts a on a.role_name = s.usename
    where s.backend_type = 'client backend' and s.state in ('active', 'fastpath function call')
      and s.query_start < clock_timestamp() - longest
  loop
    -- A block of code can catch that it is cancelled, and go on.
    done := case when it.ran < longest * 1.25
      then pg_cancel_backend(it.pid) else pg_terminate_backend(it.pid) end;
    if done then
      stopped := stopped + 1;
      perform private.record_analyst(it.analyst, 'query', it.client_addr, it.application_name,
        jsonb_build_object('sql', private.logged_statement(it.query), 'cancelled', true,
          'ms', round(extract(epoch from it.ran) * 1000)));
    end if;
  end loop;
  -- Nor does a session keep a transaction open, or itself when its time is up.
  perform pg_terminate_backend(s.pid)
  from pg_catalog.pg_stat_activity s
  join private.analysts a on a.role_name = s.usename
  where (s.state like 'idle in transaction%' and s.state_change < clock_timestamp() - interval '5 minutes')
    or a.expires_at <= now() or a.revoked_at is not null;
  return stopped;
end
$$;
comment on function private.stop_long_statements is
  'Cancels analysts'' statements that run too long, and closes what goes on regardless; answers how many.';
grant execute on function private.stop_long_statements to kontor_worker;

create function private.record_analyst_sign_ins()
returns void
language plpgsql
set search_path = ''
as $$
declare
  it record;
begin
  for it in
    insert into private.analyst_sessions (role_name, pid, backend_start)
    select a.role_name, s.pid, s.backend_start
    from pg_catalog.pg_stat_activity s
    join private.analysts a on a.role_name = s.usename and a.person_id is null
    where s.backend_type = 'client backend'
    on conflict do nothing
    returning *
  loop
    perform private.record_analyst(a, 'sign_in', s.client_addr, s.application_name,
      jsonb_build_object('connected_at', it.backend_start))
    from private.analysts a
    left join pg_catalog.pg_stat_activity s on s.pid = it.pid
    where a.role_name = it.role_name;
    update private.analysts a set last_login_at = it.backend_start
    where a.role_name = it.role_name
      and (a.last_login_at is null or a.last_login_at < it.backend_start);
  end loop;
end
$$;
comment on function private.record_analyst_sign_ins is 'Logs the connections that were not there at the last look.';

create function private.record_analyst_queries()
returns void
language plpgsql
set search_path = ''
as $$
declare
  database constant oid := (select d.oid from pg_catalog.pg_database d where d.datname = current_database());
  it record;
  unseen name; -- came and went between two looks
begin
  if to_regprocedure('extensions.pg_stat_statements(boolean)') is null
    or current_setting('shared_preload_libraries') not like '%pg_stat_statements%'
  then
    return;
  end if;
  -- Without texts, which are in a file: most of the time nothing is new.
  if not exists (
    select from extensions.pg_stat_statements(false) s
    join pg_catalog.pg_roles r on r.oid = s.userid
    join private.analysts a on a.role_name = r.rolname and a.person_id is null
    left join private.analyst_statements noted on noted.role_name = a.role_name and noted.query_id = s.queryid
    where s.dbid = database and s.queryid is not null
    group by a.role_name, s.queryid, noted.calls
    having sum(s.calls) is distinct from noted.calls)
  then
    return;
  end if;
  for it in
    with seen as (
      select a.role_name, s.queryid as query_id, min(s.query) as text, sum(s.calls)::bigint as calls,
        sum(s.rows)::bigint as rows, sum(s.total_exec_time) as ms
      from extensions.pg_stat_statements(true) s
      join pg_catalog.pg_roles r on r.oid = s.userid
      join private.analysts a on a.role_name = r.rolname and a.person_id is null
      where s.dbid = database and s.queryid is not null
      group by a.role_name, s.queryid
    ),
    noted as (
      insert into private.analyst_statements as n (role_name, query_id, calls, rows, ms)
      select role_name, query_id, calls, rows, ms from seen
      on conflict (role_name, query_id) do update
        set calls = excluded.calls, rows = excluded.rows, ms = excluded.ms
        where n.calls <> excluded.calls
    ),
    -- Statistics have no endless memory.
    forgotten as (
      delete from private.analyst_statements n
      where not exists (select from seen s where s.role_name = n.role_name and s.query_id = n.query_id)
    )
    select a as analyst, seen.text, seen.calls - coalesce(before.calls, 0) as calls,
      seen.rows - coalesce(before.rows, 0) as rows, seen.ms - coalesce(before.ms, 0) as ms,
      exists (select from private.analyst_sessions known where known.role_name = seen.role_name) as known
    from seen
    join private.analysts a on a.role_name = seen.role_name
    -- Fewer than before: they were forgotten meanwhile, and counted anew.
    left join private.analyst_statements before
      on before.role_name = seen.role_name and before.query_id = seen.query_id and before.calls <= seen.calls
    where before.calls is distinct from seen.calls
    order by seen.role_name, seen.text
  loop
    if not it.known and unseen is distinct from (it.analyst).role_name then
      unseen := (it.analyst).role_name;
      perform private.record_analyst(
        it.analyst, 'sign_in', null, null, '{"seen": "by its statements alone"}');
      update private.analysts a set last_login_at = now() where a.role_name = unseen;
    end if;
    perform private.record_analyst(it.analyst, 'query', null, null, jsonb_build_object(
      'sql', private.logged_statement(it.text), 'calls', it.calls, 'rows', it.rows,
      'ms', round(it.ms::numeric, 1)));
  end loop;
end
$$;
comment on function private.record_analyst_queries is
  'Logs what analysts ran since the last look, as pg_stat_statements counted it: each text once, with how often, its rows and its time.';

create function private.watch_analysts(longest interval default '60 seconds')
returns int
language plpgsql
security definer
set search_path = ''
as $$
declare
  stopped int;
begin
  -- One worker at a time, and only where there is somebody to look after.
  if not exists (select from private.analysts)
    or not pg_try_advisory_xact_lock(hashtextextended('watch analysts', 0))
  then
    return 0;
  end if;
  stopped := private.stop_long_statements(longest);
  perform private.record_analyst_sign_ins();
  perform private.record_analyst_queries();
  delete from private.analyst_sessions known
  where not exists (
    select from pg_catalog.pg_stat_activity s
    where s.pid = known.pid and s.backend_start = known.backend_start);
  return stopped;
end
$$;
comment on function private.watch_analysts is
  'Stops analysts'' statements that run too long and logs their connections and statements; answers how many it stopped.';
grant execute on function private.watch_analysts to kontor_worker;


-- =================================================================================================
-- sql/96_explain_access.sql
-- =================================================================================================

-- Why somebody sees a row, or does not: asked of the policies themselves.

create function public.explain_access(user_id uuid, table_name text, record_id uuid)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  tenant constant uuid := private.require_role('admin');
  relation constant regclass := to_regclass(format('public.%I', table_name));
  own_claims constant text := current_setting('request.jwt.claims', true);
  own_headers constant text := current_setting('request.headers', true);
  present boolean;
  verdicts jsonb := '[]';
  rule record;
  holds boolean;
begin
  if relation is null or not exists (
    select from pg_catalog.pg_attribute where attrelid = relation and attname = 'tenant_id')
  or not exists (
    select from pg_catalog.pg_attribute where attrelid = relation and attname = 'id')
  then
    perform private.refuse(422, 'validation_failed', 'Not a table of records.', 'table_name');
  end if;
  if private.role_of(tenant, explain_access.user_id) is null then
    perform private.refuse(404, 'not_found', 'There is no such member.');
  end if;
  execute format('select exists (select from %s where tenant_id = $1 and id = $2)', relation)
    into present using tenant, record_id;

  -- The policies themselves are asked, as if that person had come with this tenant.
  perform set_config('request.jwt.claims', json_build_object('sub', user_id, 'role', 'authenticated')::text, true),
    set_config('request.headers', json_build_object('x-tenant-id', tenant)::text, true);
  for rule in
    select p.policyname as name, p.cmd, coalesce(p.qual, p.with_check) as condition
    from pg_catalog.pg_policies p
    where p.schemaname = 'public' and p.tablename = table_name and 'authenticated' = any (p.roles)
    order by p.cmd, p.policyname
  loop
    execute format('select exists (select from %s where tenant_id = $1 and id = $2 and (%s))', relation, rule.condition)
      into holds using tenant, record_id;
    verdicts := verdicts || jsonb_build_object('policy', rule.name, 'command', lower(rule.cmd), 'allows', holds);
  end loop;
  perform set_config('request.jwt.claims', coalesce(own_claims, ''), true),
    set_config('request.headers', coalesce(own_headers, ''), true);

  return json_build_object(
    'exists', present,
    'role', private.role_of(tenant, explain_access.user_id),
    'policies', verdicts,
    'reads', coalesce((select bool_or((v ->> 'allows')::boolean) from jsonb_array_elements(verdicts) as v
      where v ->> 'command' in ('select', 'all')), false));
end
$$;
comment on function public.explain_access is
  'Which policy lets a member of the active tenant at a record, or does not: {exists, role, policies: [{policy, command, allows}], reads}. Admins.';
grant execute on function public.explain_access to authenticated;
