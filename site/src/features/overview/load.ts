import type {
  Order,
  OrderFigures,
  OrderStatus,
} from "../../../../functions/_shared/contracts/orders.ts";
import type { Api } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { STATUSES } from "../orders/status.ts";

export type Month = { first: string; last: string; count: number };

export type Overview = {
  byStatus: Record<OrderStatus, number>;
  thisMonth: Month;
  lastMonth: Month;
  recent: Order[];
  /** Money, by currency. */
  figures: OrderFigures;
};

const RECENT = 8;

/** What the overview shows: counts that the lists give anyway, and the newest orders. */
export async function loadOverview(api: Api, now: Date, timeZone: string): Promise<Overview> {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(now);
  const [year = 0, month = 1] = today.split("-").map(Number);
  const count = async (query: Record<string, string>) =>
    (await api<List<Order>>("GET", "/orders", { query: { ...query, limit: 1 } })).page.total.count;
  const inMonth = async (range: Omit<Month, "count">) => ({
    ...range,
    count: await count({ placed_from: range.first, placed_to: range.last }),
  });
  const [counts, thisMonth, lastMonth, recent, figures] = await Promise.all([
    Promise.all(STATUSES.map(async (status) => [status, await count({ status })] as const)),
    inMonth(monthRange(year, month)),
    inMonth(monthRange(year, month - 1)),
    api<List<Order>>("GET", "/orders", { query: { limit: RECENT } }),
    api<OrderFigures>("GET", "/orders/figures"),
  ]);
  const byStatus = Object.fromEntries(counts) as Record<OrderStatus, number>;
  return { byStatus, thisMonth, lastMonth, recent: recent.data, figures };
}

/** The first and the last day of a month; month 0 is December of the year before. */
function monthRange(year: number, month: number): Omit<Month, "count"> {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  return {
    first: day(new Date(Date.UTC(year, month - 1, 1))),
    last: day(new Date(Date.UTC(year, month, 0))),
  };
}
