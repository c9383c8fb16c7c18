import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Customer } from "../../../../functions/_shared/contracts/customers.ts";
import { Badge } from "../../ui/Badge.tsx";
import { usePage } from "../../ui/context.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { customRows } from "../records/custom.ts";
import { Details, Row } from "../records/Details.tsx";

type Props = { customer: Customer; fields: readonly CustomField[] };

/** Everything known of a customer. */
export function CustomerDetails({ customer, fields }: Props) {
  const { locale } = usePage();
  return (
    <Details>
      <Row label="Kind">{customer.kind === "company" ? "Company" : "Person"}</Row>
      <Row label="E-mail">
        {customer.email ? (
          <a href={`mailto:${customer.email}`} className="link break-all">
            {customer.email}
          </a>
        ) : null}
      </Row>
      <Row label="Phone">
        {customer.phone ? <bdi className="numeric">{customer.phone}</bdi> : null}
      </Row>
      <Row label="Tax id">
        {customer.tax_id ? <bdi className="numeric">{customer.tax_id}</bdi> : null}
      </Row>
      <Row label="Billing address">{addressText(customer.billing_address)}</Row>
      <Row label="Shipping address">{addressText(customer.shipping_address)}</Row>
      <Row label="Tags">
        {customer.tags.length > 0 ? (
          <span className="flex flex-wrap gap-1">
            {customer.tags.map((tag) => (
              <Badge key={tag}>
                <bdi>{tag}</bdi>
              </Badge>
            ))}
          </span>
        ) : null}
      </Row>
      {customRows(fields, customer.custom, locale).map(({ key, label, value }) => (
        <Row key={key} label={label}>
          {value}
        </Row>
      ))}
      <Row label="Customer since">
        <DateTime value={customer.created_at} />
      </Row>
    </Details>
  );
}

/** An address in lines; null for none. */
function addressText(address: Customer["billing_address"]): string | null {
  if (!address) return null;
  const { line1, line2, postal_code, city, region, country } = address;
  const lines = [line1, line2, [postal_code, city].filter(Boolean).join(" "), region, country];
  return lines.filter(Boolean).join("\n") || null;
}
