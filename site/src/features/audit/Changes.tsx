import type { AuditEntry } from "../../../../functions/_shared/contracts/audit.ts";
import { formatDateTime, formatMoney, formatNumber } from "../../lib/format.ts";
import { usePage } from "../../ui/context.tsx";
import { fieldLabel } from "./words.ts";

/** Fields that are amounts in the record's currency. */
const AMOUNTS = /^(sub|tax_|discount_|shipping_|line_)?total$|^(unit_price|discount|tax)$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** What an entry changed, field by field: what was, what is. */
export function Changes({ entry }: { entry: AuditEntry }) {
  const fields = Object.entries(entry.changes).sort(([a], [b]) => a.localeCompare(b));
  if (fields.length === 0) return null;
  const currency = lastText(entry.changes.currency);
  return (
    <table className="w-full table-fixed text-sm">
      <caption className="sr-only">Fields</caption>
      <thead className="sr-only">
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {fields.map(([name, [before, after]]) => (
          <tr key={name} className="border-line border-t align-top max-sm:block max-sm:py-1.5">
            <th
              scope="row"
              className="w-1/4 py-1.5 pe-3 text-start font-normal text-muted max-sm:block max-sm:w-auto max-sm:py-0"
            >
              {fieldLabel(name)}
            </th>
            <td className="py-1.5 pe-3 text-danger-text max-sm:block max-sm:py-0">
              <Value name={name} value={before} currency={currency} />
            </td>
            <td className="py-1.5 text-green-text max-sm:block max-sm:py-0">
              <Value name={name} value={after} currency={currency} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type ValueProps = { name: string; value: unknown; currency: string | null };

function Value({ name, value, currency }: ValueProps) {
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

function lastText(pair: readonly unknown[] | undefined): string | null {
  const value = pair?.[1] ?? pair?.[0];
  return typeof value === "string" ? value : null;
}
