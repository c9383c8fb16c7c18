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
