import { formatDate, formatDateTime, formatMoney } from "../lib/format.ts";
import { usePage } from "./context.tsx";

// The server's and the browser's tables of locales may differ by a space: that is no reason to render again.

/** An amount of money in its currency. */
export function Money({ amount, currency }: { amount: number; currency: string }) {
  const { locale } = usePage();
  return (
    <span className="numeric whitespace-nowrap" suppressHydrationWarning>
      {formatMoney(amount, currency, locale)}
    </span>
  );
}

/** A moment in the tenant's time zone: the day, or the minute with `time`. */
export function DateTime({ value, time = false }: { value: string; time?: boolean }) {
  const { locale, tenant } = usePage();
  const format = time ? formatDateTime : formatDate;
  return (
    <time
      dateTime={value}
      title={`${formatDateTime(value, locale, tenant.time_zone)} (${tenant.time_zone})`}
      className="numeric whitespace-nowrap"
      suppressHydrationWarning
    >
      {format(value, locale, tenant.time_zone)}
    </time>
  );
}
