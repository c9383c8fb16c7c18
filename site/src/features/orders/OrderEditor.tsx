import { ArrowLeft } from "lucide-react";
import { type RefObject, useDeferredValue, useEffect, useMemo, useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import { minorDigits } from "../../lib/currencies.ts";
import { parseDecimal } from "../../lib/decimal-input.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useHref, usePage } from "../../ui/context.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { previewTotals } from "./arithmetic.ts";
import { ConflictDialog } from "./ConflictDialog.tsx";
import { EditorDetails } from "./EditorDetails.tsx";
import type { OrderFormApi } from "./form-model.ts";
import { emptyForm, formOf, lineOf, type OrderForm, type OrderRequest } from "./form-model.ts";
import { ItemsEditor } from "./ItemsEditor.tsx";
import { OrderItems } from "./OrderItems.tsx";
import { OPEN_STATUSES } from "./status.ts";
import { Totals } from "./Totals.tsx";
import { useSaveOrder } from "./use-save-order.ts";

type Props = {
  page: PageContext;
  /** The order to change; null for a new one. */
  order: Order | null;
  /** When this page was rendered, RFC 3339: a new order's time. */
  now: string;
  currencies: readonly string[];
  /** Whom a new order is for, if the way here told. */
  customer?: { id: string; name: string } | null;
  /** The tenant's own fields. */
  fields: readonly CustomField[];
};

/** The island of the pages that make and change an order. */
export function OrderEditor({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <Editor {...rest} />
    </PageProvider>
  );
}

function Editor(props: Omit<Props, "page">) {
  const { order: initial, now, currencies, customer = null, fields } = props;
  const { tenant, locale } = usePage();
  const href = useHref();
  const habits = useMemo(
    () => ({ locale, timeZone: tenant.time_zone, fields }),
    [locale, tenant.time_zone, fields],
  );
  const [order, setOrder] = useState(initial);
  const [defaultValues] = useState(
    (): OrderForm =>
      order
        ? formOf(order, habits)
        : {
            ...emptyForm(tenant.currency, now, habits),
            customer_id: customer?.id ?? null,
            customer_name: customer?.name ?? "",
          },
  );
  const form = useForm<OrderForm, unknown, OrderRequest>({
    defaultValues,
    resolver: async (values, _context, options) => {
      // The contract and its validator are fetched when they are needed: at the first attempt to save.
      const { resolveOrder } = await import("./resolve-order.ts");
      return resolveOrder(values, habits, options, order);
    },
    shouldFocusError: true,
  });
  const saving = useSaveOrder(form, order);
  const open = order === null || OPEN_STATUSES.includes(order.status);
  useUnsavedWarning(form.formState.isDirty, saving.saved);

  function takeTheirs(theirs: Order) {
    setOrder(theirs);
    form.reset(formOf(theirs, habits));
    saving.settle();
  }

  const back = order ? href(`orders/${order.id}`) : href("orders");
  return (
    <form
      noValidate
      onSubmit={(event) => void saving.submit(event)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void saving.submit(event);
      }}
    >
      <PageHeader
        title={order ? `Edit ${order.number}` : "New order"}
        before={
          <ButtonLink href={back} variant="ghost" size="icon" aria-label="Back" className="-ms-2">
            <ArrowLeft aria-hidden="true" className="rtl:rotate-180" />
          </ButtonLink>
        }
      >
        <ButtonLink href={back}>Cancel</ButtonLink>
        <Button
          type="submit"
          variant="primary"
          busy={saving.busy}
          aria-keyshortcuts="Control+Enter Meta+Enter"
        >
          {order ? "Save changes" : "Create order"}
        </Button>
      </PageHeader>
      <div className="grid items-start gap-6 px-4 pt-1 pb-16 md:px-6 2xl:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-6">
          {saving.failure ? (
            <Notice kind="danger" title="Not saved.">
              {saving.failure}
            </Notice>
          ) : null}
          {open ? null : (
            <Notice>Items and amounts cannot change once an order is {order?.status}.</Notice>
          )}
          <EditorDetails
            form={form}
            currencies={currencies}
            open={open}
            fields={fields}
            custom={order?.custom ?? {}}
          />
          <section aria-labelledby="items-heading" className="panel">
            <h2 id="items-heading" className="sr-only">
              Items
            </h2>
            {open ? <ItemsEditor form={form} /> : order ? <OrderItems order={order} /> : null}
            <div className="border-line border-t px-4 py-4 md:px-5">
              <LiveTotals form={form} />
            </div>
          </section>
        </div>
      </div>
      {saving.conflict ? (
        <ConflictDialog
          mine={form.getValues()}
          theirs={saving.conflict}
          habits={habits}
          onTakeTheirs={takeTheirs}
          onKeepMine={(theirs) => {
            setOrder(theirs);
            void saving.overwrite(theirs);
          }}
          onClose={saving.settle}
        />
      ) : null}
    </form>
  );
}

/** The totals of what is in the fields now; what counts is the database's answer to saving. */
function LiveTotals({ form }: { form: OrderFormApi }) {
  const { locale } = usePage();
  const [items, shipping, currency] = useWatch({
    control: form.control,
    name: ["items", "shipping_total", "currency"],
  });
  // What is typed shows first; adding up a thousand lines may take until after the next letter.
  const shown = useDeferredValue(items);
  const amounts = useMemo(() => {
    const lines = shown.map((item) => lineOf(item, locale));
    return previewTotals(lines, parseDecimal(shipping, locale), minorDigits(currency));
  }, [shown, shipping, currency, locale]);
  return <Totals amounts={amounts} currency={currency} />;
}

/** Asks before what was typed is lost by leaving the page, unless it has been saved. */
function useUnsavedWarning(dirty: boolean, saved: RefObject<boolean>): void {
  useEffect(() => {
    if (!dirty) return;
    const warn = (event: BeforeUnloadEvent) => {
      if (!saved.current) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [dirty, saved]);
}
