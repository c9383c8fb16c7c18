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

-- Watching them: for the worker ---------------------------------------------------------------------------

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

-- Why somebody sees a row, or does not --------------------------------------------------------------------

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
