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
