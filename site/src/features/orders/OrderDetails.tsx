import type { ReactNode } from "react";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import { useHref, usePage } from "../../ui/context.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { customRows } from "../records/custom.ts";

/** Who, when, and what else is known of an order. */
export function OrderDetails({ order, fields }: { order: Order; fields: readonly CustomField[] }) {
  const href = useHref();
  const { customer } = order;
  const { locale } = usePage();
  return (
    <section aria-labelledby="details" className="panel px-4 py-4 text-sm">
      <h2 id="details" className="mb-3 font-semibold text-sm">
        Details
      </h2>
      <dl className="flex flex-col gap-2.5">
        <Row label="Customer">
          {customer ? (
            <a href={href(`customers/${customer.id}`)} className="link" dir="auto">
              {customer.name}
            </a>
          ) : (
            <span className="text-faint">None</span>
          )}
        </Row>
        <Row label="Placed">
          <DateTime value={order.placed_at} time />
        </Row>
        <Row label="Currency">{order.currency}</Row>
        <Row label="Changed">
          <DateTime value={order.updated_at} time />
        </Row>
        {customRows(fields, order.custom, locale).map(({ key, label, value }) => (
          <Row key={key} label={label}>
            <bdi>{value}</bdi>
          </Row>
        ))}
      </dl>
    </section>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-4">
      <dt className="shrink-0 text-muted first-letter:uppercase">{label}</dt>
      <dd className="min-w-0 break-words text-end">{children}</dd>
    </div>
  );
}
