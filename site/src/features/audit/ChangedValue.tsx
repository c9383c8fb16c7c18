import { formatDateTime, formatMoney, formatNumber } from "../../lib/format.ts";
import { usePage } from "../../ui/context.tsx";

/** Fields that are amounts in the record's currency. */
const AMOUNTS = /^(sub|tax_|discount_|shipping_|line_)?total$|^(unit_price|discount|tax)$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

type Props = {
  /** The field's. */
  name: string;
  value: unknown;
  /** Of the record, as it was then; null where it has none. */
  currency: string | null;
};

/** What a field held before or after a change, as people read it. */
export function ChangedValue({ name, value, currency }: Props) {
  const { locale, tenant } = usePage();
  if (value === null || value === undefined || value === "") {
    return <span className="text-faint">–</span>;
  }
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") {
    const isMoney = AMOUNTS.test(name) && currency !== null;
    const text = isMoney ? formatMoney(value, currency, locale) : formatNumber(value, locale);
    return (
      <span className="numeric" suppressHydrationWarning>
        {text}
      </span>
    );
  }
  if (typeof value === "string") {
    if (!MOMENT.test(value) || Number.isNaN(Date.parse(value))) {
      return (
        <span className="whitespace-pre-wrap break-words" dir="auto">
          {value}
        </span>
      );
    }
    return (
      <time dateTime={value} className="numeric" suppressHydrationWarning>
        {formatDateTime(value, locale, tenant.time_zone)}
      </time>
    );
  }
  if (JSON.stringify(value).length < 3) return <span className="text-faint">–</span>;
  return (
    <details>
      <summary className="cursor-pointer">
        {Array.isArray(value) ? `${value.length} entries` : Object.keys(value).join(", ")}
      </summary>
      <pre className="overflow-x-auto whitespace-pre-wrap break-words text-xs">
        {JSON.stringify(value, null, 2)}
      </pre>
    </details>
  );
}
