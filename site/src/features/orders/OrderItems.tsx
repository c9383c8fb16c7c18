import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import { formatNumber, formatUnitPrice } from "../../lib/format.ts";
import { cn } from "../../ui/cn.ts";
import { usePage } from "../../ui/context.tsx";
import { Money } from "../../ui/Values.tsx";

const HEAD = "h-9 px-3 whitespace-nowrap font-medium text-faint text-xs first:ps-5 last:pe-5";
const CELL = "border-line border-t px-3 py-2.5 align-top first:ps-5 last:pe-5";
const FIGURE = cn(CELL, "numeric whitespace-nowrap text-end");

/** The lines of an order, as the database computed them. */
export function OrderItems({ order }: { order: Order }) {
  const { locale } = usePage();
  const number = (value: number) => formatNumber(value, locale);
  const percent = (value: number) => (value === 0 ? "–" : `${number(value)} %`);
  const price = (value: number) => formatUnitPrice(value, order.currency, locale);
  if (order.items.length === 0) {
    return (
      <p className="px-5 py-10 text-center text-muted text-sm">This order has no items yet.</p>
    );
  }
  return (
    <>
      <table className="hidden w-full text-sm md:table">
        <caption className="sr-only">Items</caption>
        <thead>
          <tr>
            <th scope="col" className={cn(HEAD, "text-start")}>
              Item
            </th>
            <th scope="col" className={cn(HEAD, "text-end")}>
              Quantity
            </th>
            <th scope="col" className={cn(HEAD, "text-end")}>
              Unit price
            </th>
            <th scope="col" className={cn(HEAD, "text-end")}>
              Discount
            </th>
            <th scope="col" className={cn(HEAD, "text-end")}>
              Tax
            </th>
            <th scope="col" className={cn(HEAD, "text-end")}>
              Amount
            </th>
          </tr>
        </thead>
        <tbody>
          {order.items.map((item) => (
            <tr key={item.id}>
              <td className={cn(CELL, "w-full")}>
                <ItemName name={item.name} sku={item.sku} attributes={item.attributes} />
              </td>
              <td className={cn(FIGURE, "text-muted")} suppressHydrationWarning>
                {number(item.quantity)}
              </td>
              <td className={cn(FIGURE, "text-muted")} suppressHydrationWarning>
                {price(item.unit_price)}
              </td>
              <td className={cn(FIGURE, "text-muted")} suppressHydrationWarning>
                {percent(item.discount_percent)}
              </td>
              <td className={cn(FIGURE, "text-muted")} suppressHydrationWarning>
                {percent(item.tax_rate)}
              </td>
              <td className={FIGURE}>
                <Money amount={item.line_total} currency={order.currency} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul className="divide-y divide-line md:hidden">
        {order.items.map((item) => (
          <li
            key={item.id}
            className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-0.5 px-4 py-3 text-sm"
          >
            <ItemName name={item.name} sku={item.sku} attributes={item.attributes} />
            <Money amount={item.line_total} currency={order.currency} />
            <p className="numeric col-span-2 text-muted text-xs" suppressHydrationWarning>
              {number(item.quantity)} × {price(item.unit_price)}
              {item.discount_percent > 0 ? ` − ${percent(item.discount_percent)}` : ""}
              {item.tax_rate > 0 ? ` · ${percent(item.tax_rate)} tax` : ""}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

type NameProps = { name: string; sku: string | null; attributes: Record<string, unknown> };

function ItemName({ name, sku, attributes }: NameProps) {
  const extra = Object.entries(attributes).filter(([, value]) => typeof value !== "object");
  return (
    <div className="min-w-0">
      <bdi className="break-words">{name}</bdi>
      {sku || extra.length > 0 ? (
        <p className="flex flex-wrap gap-x-2 text-faint text-xs">
          {sku ? <bdi>{sku}</bdi> : null}
          {extra.map(([key, value]) => (
            <span key={key} dir="auto">
              {key}: {String(value)}
            </span>
          ))}
        </p>
      ) : null}
    </div>
  );
}
