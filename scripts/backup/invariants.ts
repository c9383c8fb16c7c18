/** What must be true in any database of Kontor, whatever is in it. */
import type { Sql } from "postgres";
import { checkChains } from "../audit/check.ts";

/** Every rule that does not hold, a sentence each. @param sql a login that reads everything. */
export async function brokenInvariants(sql: Sql): Promise<string[]> {
  const broken: string[] = [];
  const [totals] = await sql<{ orders: number }[]>`
    select count(*)::int as orders
    from public.orders o
    left join (
      select tenant_id, order_id, sum(line_total) as subtotal, sum(discount) as discount, sum(tax) as tax
      from public.order_items group by tenant_id, order_id
    ) as i on i.tenant_id = o.tenant_id and i.order_id = o.id
    where o.subtotal <> coalesce(i.subtotal, 0) or o.discount_total <> coalesce(i.discount, 0)
      or o.tax_total <> coalesce(i.tax, 0)
      or o.total <> o.subtotal + o.tax_total + o.shipping_total`;
  if (totals?.orders) broken.push(`${totals.orders} orders are not the sum of their items`);

  // What was purged from the trash leaves its number unused; none is above the last, none twice.
  const [numbers] = await sql<{ orders: number }[]>`
    select count(*)::int as orders
    from public.orders o
    left join private.number_series s on s.tenant_id = o.tenant_id and s.series = 'order'
    where s.last is null or o.sequence not between 1 and s.last`;
  if (numbers?.orders)
    broken.push(`${numbers.orders} orders have a number that was never given out`);

  const { chains } = await checkChains(sql);
  for (const { tenant_id, faults } of chains) {
    const [first] = faults;
    if (first) broken.push(`the audit chain of ${tenant_id}: ${first.kind} at ${first.position}`);
  }
  return broken;
}
