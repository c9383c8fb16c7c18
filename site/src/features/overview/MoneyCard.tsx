import type { ReactNode } from "react";
import type { OrderFigures } from "../../../../functions/_shared/contracts/orders.ts";
import { useHref, usePage } from "../../ui/context.tsx";
import { Money } from "../../ui/Values.tsx";

type Props = { figures: OrderFigures };

/** What the orders come to: a line for each currency, the tenant's own first. */
export function MoneyCard({ figures }: Props) {
  const href = useHref();
  const { locale } = usePage();
  const { this_month, last_month, currencies } = figures;
  const month = ({ first, last }: typeof this_month) =>
    href(`orders?placed_from=${first}&placed_to=${last}`);
  const name = ({ first }: typeof this_month) =>
    new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" }).format(
      new Date(`${first}T12:00:00Z`),
    );
  return (
    <section aria-labelledby="money" className="panel overflow-hidden">
      <h2 id="money" className="px-4 pt-3.5 font-semibold text-sm md:px-5">
        Revenue
      </h2>
      <p className="px-4 pb-2.5 text-faint text-xs md:px-5">
        Net: without tax and shipping. Cancelled orders are left out.
      </p>
      <table className="w-full text-sm">
        <caption className="sr-only">Revenue and open orders by currency</caption>
        <thead className="sr-only sm:not-sr-only">
          <tr>
            <Head>Currency</Head>
            <Head link={month(this_month)}>{name(this_month)} so far</Head>
            <Head link={month(last_month)}>{name(last_month)}</Head>
            <Head link={href("orders?status=pending,processing")}>Open orders</Head>
          </tr>
        </thead>
        <tbody>
          {currencies.map(({ currency, ...figure }) => (
            <tr
              key={currency}
              className="grid grid-cols-[1fr_auto] gap-y-1 border-line border-t px-4 py-2.5 sm:table-row sm:p-0"
            >
              <th
                scope="row"
                className="col-span-2 text-start font-medium sm:border-line sm:border-t sm:px-4 sm:py-2.5 md:ps-5"
              >
                {currency}
              </th>
              <Cell label={`${name(this_month)} so far`} strong>
                <Money amount={figure.this_month.net} currency={currency} />
              </Cell>
              <Cell label={name(last_month)}>
                <Money amount={figure.last_month.net} currency={currency} />
              </Cell>
              <Cell label="Open orders">
                <Money amount={figure.open.net} currency={currency} />
              </Cell>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Head({ link, children }: { link?: string; children: ReactNode }) {
  return (
    <th
      scope="col"
      className="px-4 pb-2 text-end font-medium text-faint text-xs first:text-start md:first:ps-5 md:last:pe-5"
    >
      {link ? (
        <a href={link} className="rounded-sm hover:text-ink hover:underline">
          {children}
        </a>
      ) : (
        children
      )}
    </th>
  );
}

type CellProps = { label: string; strong?: boolean; children: ReactNode };

/** A figure; where there is no room for a head of columns, with its name beside it. */
function Cell({ label, strong = false, children }: CellProps) {
  return (
    <td className="contents sm:table-cell sm:border-line sm:border-t sm:px-4 sm:py-2.5 sm:text-end md:last:pe-5">
      <span className="text-muted sm:hidden" aria-hidden="true" suppressHydrationWarning>
        {label}
      </span>
      <span className={strong ? "text-end font-semibold" : "text-end"}>{children}</span>
    </td>
  );
}
