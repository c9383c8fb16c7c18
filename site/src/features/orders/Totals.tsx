import { Money } from "../../ui/Values.tsx";

export type Amounts = {
  subtotal: number;
  discount_total: number;
  tax_total: number;
  shipping_total: number;
  total: number;
};

type Props = { amounts: Amounts; currency: string };

/** How the total comes about. Discounts are in the subtotal already: they are told, not subtracted again. */
export function Totals({ amounts, currency }: Props) {
  const rows: [string, number][] = [
    ["Subtotal", amounts.subtotal],
    ["Tax", amounts.tax_total],
    ["Shipping", amounts.shipping_total],
  ];
  return (
    <dl className="flex w-full flex-col gap-1.5 text-sm md:ms-auto md:max-w-72">
      {rows.map(([label, amount]) => (
        <div key={label} className="flex justify-between gap-6">
          <dt className="text-muted">{label}</dt>
          <dd>
            <Money amount={amount} currency={currency} />
          </dd>
        </div>
      ))}
      <div className="mt-1 flex justify-between gap-6 border-line border-t pt-2.5 font-semibold text-base">
        <dt>Total</dt>
        <dd>
          <Money amount={amounts.total} currency={currency} />
        </dd>
      </div>
      {amounts.discount_total > 0 ? (
        <div className="flex justify-between gap-6 text-faint text-xs">
          <dt>Discount included</dt>
          <dd>
            <Money amount={amounts.discount_total} currency={currency} />
          </dd>
        </div>
      ) : null}
    </dl>
  );
}
