import { ArrowLeft, ChevronRight, Pencil, Plus, Trash2 } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import type { Customer } from "../../../../functions/_shared/contracts/customers.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { formatNumber } from "../../lib/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import {
  type PageContext,
  PageProvider,
  useAllows,
  useApi,
  useHref,
  usePage,
} from "../../ui/context.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { toast } from "../../ui/toast.ts";
import { DateTime } from "../../ui/Values.tsx";
import { OrderRows } from "../orders/OrderRows.tsx";
import type { OrderRow } from "../orders/OrdersPage.tsx";
import { useTrash } from "../records/use-trash.ts";

const CustomerDialog = lazy(() => import("./CustomerDialog.tsx"));

type Props = { page: PageContext; customer: Customer; orders: List<OrderRow> };

/** The island of a customer's page. */
export function CustomerPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <CustomerView {...rest} />
    </PageProvider>
  );
}

function CustomerView({ customer: initial, orders }: Omit<Props, "page">) {
  const api = useApi();
  const href = useHref();
  const { locale } = usePage();
  const mayWrite = useAllows("member");
  const [customer, setCustomer] = useState(initial);
  const [editing, setEditing] = useState(false);
  const { trash, restore, busy } = useTrash("/customers", () => void reload());
  const count = orders.page.total.count;

  async function reload() {
    try {
      setCustomer(await api<Customer>("GET", `/customers/${customer.id}`));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({
        kind: "error",
        title: "The customer could not be loaded again",
        detail: error.message,
      });
    }
  }

  return (
    <>
      <PageHeader
        title={customer.name}
        before={
          <ButtonLink
            href={href("customers")}
            variant="ghost"
            size="icon"
            aria-label="Back to the customers"
            className="-ms-2"
          >
            <ArrowLeft aria-hidden="true" className="rtl:rotate-180" />
          </ButtonLink>
        }
      >
        {mayWrite && !customer.deleted_at ? (
          <>
            <Button
              variant="ghost"
              size="icon"
              aria-label="Move to trash"
              disabled={busy}
              onClick={() => void trash(customer)}
            >
              <Trash2 aria-hidden="true" />
            </Button>
            <Button onClick={() => setEditing(true)}>
              <Pencil aria-hidden="true" />
              Edit
            </Button>
            <ButtonLink variant="primary" href={href(`orders/new?customer_id=${customer.id}`)}>
              <Plus aria-hidden="true" />
              New order
            </ButtonLink>
          </>
        ) : null}
      </PageHeader>
      <div className="px-4 pb-10 md:px-6">
        {customer.deleted_at ? (
          <Notice
            kind="warning"
            title="In the trash."
            className="mb-5"
            action={
              mayWrite ? (
                <Button size="sm" busy={busy} onClick={() => void restore(customer)}>
                  Restore
                </Button>
              ) : null
            }
          >
            Its orders are kept.
          </Notice>
        ) : null}
        <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
          <section
            aria-labelledby="orders-heading"
            className="panel overflow-hidden max-xl:order-1"
          >
            <div className="flex items-center justify-between px-4 pt-3.5 pb-2.5 md:px-5">
              <h2 id="orders-heading" className="font-semibold text-sm">
                Orders{" "}
                <span className="numeric font-normal text-faint" suppressHydrationWarning>
                  {formatNumber(count, locale)}
                </span>
              </h2>
              {count > 0 ? (
                <a
                  href={href(`orders?customer_id=${customer.id}`)}
                  className="link flex items-center gap-0.5 text-sm"
                >
                  All orders
                  <ChevronRight className="size-3.5 rtl:rotate-180" aria-hidden="true" />
                </a>
              ) : null}
            </div>
            <OrderRows orders={orders.data} showCustomer={false} empty="No orders yet." />
          </section>
          <CustomerDetails customer={customer} />
        </div>
      </div>
      {editing ? (
        <Suspense>
          <CustomerDialog
            customer={customer}
            onClose={() => setEditing(false)}
            onSaved={(saved) => {
              setCustomer(saved);
              setEditing(false);
              toast({ kind: "success", title: `${saved.name} saved` });
            }}
          />
        </Suspense>
      ) : null}
    </>
  );
}

function CustomerDetails({ customer }: { customer: Customer }) {
  return (
    <section aria-labelledby="customer-details" className="panel px-4 py-4 text-sm">
      <h2 id="customer-details" className="mb-3 font-semibold text-sm">
        Details
      </h2>
      <dl className="flex flex-col gap-3">
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
        <Row label="Customer since">
          <DateTime value={customer.created_at} />
        </Row>
      </dl>
    </section>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  if (children === null) return null;
  return (
    <div>
      <dt className="text-faint text-xs">{label}</dt>
      <dd className="mt-0.5 whitespace-pre-line break-words" dir="auto">
        {children}
      </dd>
    </div>
  );
}

/** An address in lines; null for none. */
function addressText(address: Customer["billing_address"]): string | null {
  if (!address) return null;
  const { line1, line2, postal_code, city, region, country } = address;
  const lines = [line1, line2, [postal_code, city].filter(Boolean).join(" "), region, country];
  return lines.filter(Boolean).join("\n") || null;
}
