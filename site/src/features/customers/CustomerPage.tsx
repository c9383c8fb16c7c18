import { ArrowLeft, ChevronRight, Pencil, Plus, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Customer } from "../../../../functions/_shared/contracts/customers.ts";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { formatNumber } from "../../lib/format.ts";
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
import { FilesCard } from "../files/FilesCard.tsx";
import { OrderRows } from "../orders/OrderRows.tsx";
import type { OrderRow } from "../orders/OrdersPage.tsx";
import { RecordTimeline } from "../records/RecordTimeline.tsx";
import { useTrash } from "../records/use-trash.ts";
import { CustomerDetails } from "./CustomerDetails.tsx";

const CustomerDialog = lazy(() => import("./CustomerDialog.tsx"));

type Props = {
  page: PageContext;
  customer: Customer;
  orders: List<OrderRow>;
  files: List<Attachment> | null;
  fields: CustomField[];
};

/** The island of a customer's page. */
export function CustomerPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <CustomerView {...rest} />
    </PageProvider>
  );
}

function CustomerView({ customer: initial, orders, files, fields }: Omit<Props, "page">) {
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
          <div className="flex min-w-0 flex-col gap-6 max-xl:order-1">
            <section aria-labelledby="orders-heading" className="panel overflow-hidden">
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
            <FilesCard
              owner={{ entity_type: "customer", entity_id: customer.id }}
              initial={files}
              writable={mayWrite && customer.deleted_at === null}
            />
          </div>
          <div className="flex min-w-0 flex-col gap-6">
            <CustomerDetails customer={customer} fields={fields} />
            <RecordTimeline path={`/customers/${customer.id}`} version={customer.version} />
          </div>
        </div>
      </div>
      {editing ? (
        <Suspense>
          <CustomerDialog
            customer={customer}
            fields={fields}
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
