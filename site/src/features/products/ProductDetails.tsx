import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Product } from "../../../../functions/_shared/contracts/products.ts";
import { formatNumber, formatUnitPrice } from "../../lib/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import { usePage } from "../../ui/context.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { customRows } from "../records/custom.ts";
import { Details, Row } from "../records/Details.tsx";

type Props = { product: Product; fields: readonly CustomField[] };

/** Everything known of a product. */
export function ProductDetails({ product, fields }: Props) {
  const { locale } = usePage();
  const { sku, unit, unit_price, currency, tax_rate, active, custom, created_at } = product;
  return (
    <Details>
      <Row label="SKU">
        <bdi className="numeric">{sku}</bdi>
      </Row>
      <Row label="Unit price">
        <span className="numeric" suppressHydrationWarning>
          {formatUnitPrice(unit_price, currency, locale)}
        </span>
      </Row>
      <Row label="Unit">{unit}</Row>
      <Row label="Tax">
        <span className="numeric" suppressHydrationWarning>
          {formatNumber(tax_rate, locale)} %
        </span>
      </Row>
      <Row label="Offered">{active ? "When writing an order" : <Badge>Inactive</Badge>}</Row>
      {customRows(fields, custom, locale).map(({ key, label, value }) => (
        <Row key={key} label={label}>
          {value}
        </Row>
      ))}
      <Row label="Created">
        <DateTime value={created_at} />
      </Row>
    </Details>
  );
}
