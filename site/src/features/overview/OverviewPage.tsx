import { ChevronRight, Plus, ReceiptText } from "lucide-react";
import type { ReactNode } from "react";
import { formatNumber } from "../../lib/format.ts";
import { ButtonLink } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useAllows, useHref, usePage } from "../../ui/context.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { OrderRows } from "../orders/OrderRows.tsx";
import { STATUS, STATUSES } from "../orders/status.ts";
import type { Overview } from "./load.ts";
import { MoneyCard } from "./MoneyCard.tsx";

/** The first page of a tenant. Needs no scripts: it is rendered by the server alone. */
export function OverviewPage({ page, overview }: { page: PageContext; overview: Overview }) {
  return (
    <PageProvider page={page}>
      <Content overview={overview} />
    </PageProvider>
  );
}

function Content({ overview }: { overview: Overview }) {
  const href = useHref();
  const mayWrite = useAllows("member");
  const { byStatus, thisMonth, lastMonth, recent } = overview;
  const month = (range: typeof thisMonth) =>
    href(`orders?placed_from=${range.first}&placed_to=${range.last}`);
  const newOrder = mayWrite ? (
    <ButtonLink href={href("orders/new")} variant="primary">
      <Plus aria-hidden="true" />
      New order
    </ButtonLink>
  ) : null;
  return (
    <>
      <PageHeader title="Overview">{newOrder}</PageHeader>
      <div className="flex flex-col gap-6 px-4 pt-1 pb-10 md:px-6">
        <ul className="grid grid-cols-2 gap-3 md:gap-4 xl:grid-cols-4">
          <Tile
            label="Open orders"
            count={byStatus.pending + byStatus.processing}
            note="pending and processing"
            link={href("orders?status=pending,processing")}
          />
          <Tile
            label="To ship"
            count={byStatus.processing}
            note="in processing"
            link={href("orders?status=processing")}
          />
          <Tile
            label="On the way"
            count={byStatus.shipped}
            note="not yet delivered"
            link={href("orders?status=shipped")}
          />
          <Tile
            label="Placed this month"
            count={thisMonth.count}
            note={<Compared count={lastMonth.count} />}
            link={month(thisMonth)}
          />
        </ul>
        <MoneyCard figures={overview.figures} />
        <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
          <section aria-labelledby="recent" className="panel overflow-hidden">
            <div className="flex items-center justify-between px-4 pt-3.5 pb-2.5 md:px-5">
              <h2 id="recent" className="font-semibold text-sm">
                Recent orders
              </h2>
              <a href={href("orders")} className="link flex items-center gap-0.5 text-sm">
                All orders
                <ChevronRight className="size-3.5 rtl:rotate-180" aria-hidden="true" />
              </a>
            </div>
            {recent.length > 0 ? (
              <OrderRows orders={recent} showCustomer empty="" />
            ) : (
              <EmptyState
                icon={<ReceiptText aria-hidden="true" />}
                title="No orders yet"
                action={newOrder}
              >
                The newest appear here.
              </EmptyState>
            )}
          </section>
          <ByStatus counts={byStatus} />
        </div>
      </div>
    </>
  );
}

type TileProps = { label: string; count: number; note: ReactNode; link: string };

function Tile({ label, count, note, link }: TileProps) {
  const { locale } = usePage();
  return (
    <li className="panel relative px-4 py-3.5 transition-colors hover:bg-hover">
      <a
        href={link}
        className="text-muted text-sm after:absolute after:inset-0 after:rounded-lg after:content-['']"
      >
        {label}
      </a>
      <p className="numeric mt-1 font-semibold text-2xl tracking-tight">
        {formatNumber(count, locale)}
      </p>
      <p className="mt-0.5 text-faint text-xs">{note}</p>
    </li>
  );
}

function Compared({ count }: { count: number }) {
  const { locale } = usePage();
  return <span className="numeric">{formatNumber(count, locale)} in the whole month before</span>;
}

const BARS = {
  amber: "fill-amber-text",
  blue: "fill-blue-text",
  violet: "fill-violet-text",
  green: "fill-green-text",
  grey: "fill-control",
  red: "fill-danger",
  accent: "fill-accent",
};

function ByStatus({ counts }: { counts: Overview["byStatus"] }) {
  const href = useHref();
  const { locale } = usePage();
  const all = Math.max(1, ...Object.values(counts));
  return (
    <section aria-labelledby="by-status" className="panel px-4 py-4">
      <h2 id="by-status" className="mb-3 font-semibold text-sm">
        Orders by status
      </h2>
      <ul className="flex flex-col gap-3 text-sm">
        {STATUSES.map((status) => (
          <li key={status}>
            <div className="mb-1.5 flex justify-between">
              <a
                href={href(`orders?status=${status}`)}
                className="rounded-sm text-muted hover:text-ink hover:underline"
              >
                {STATUS[status].label}
              </a>
              <span className="numeric">{formatNumber(counts[status], locale)}</span>
            </div>
            <svg
              className="h-1.5 w-full overflow-hidden rounded-full bg-grey-soft"
              aria-hidden="true"
            >
              <rect
                width={`${(100 * counts[status]) / all}%`}
                height="6"
                rx="3"
                className={BARS[STATUS[status].tone]}
              />
            </svg>
          </li>
        ))}
      </ul>
    </section>
  );
}
