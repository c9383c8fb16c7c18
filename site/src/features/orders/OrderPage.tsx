import { useState } from "react";
import type { CustomField } from "../../../../functions/_shared/contracts/custom_fields.ts";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import type { TimelineEntry } from "../../../../functions/_shared/contracts/timeline.ts";
import type { List } from "../../lib/api/resources.ts";
import { Button } from "../../ui/Button.tsx";
import { type PageContext, PageProvider, useAllows } from "../../ui/context.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useLive } from "../../ui/use-live.ts";
import { FilesCard } from "../files/FilesCard.tsx";
import { Timeline } from "../records/Timeline.tsx";
import { OrderDetails } from "./OrderDetails.tsx";
import { OrderHeader } from "./OrderHeader.tsx";
import { OrderItems } from "./OrderItems.tsx";
import { StatusStepper } from "./StatusStepper.tsx";
import { Totals } from "./Totals.tsx";
import { useOrderActions } from "./use-order-actions.ts";

type Props = {
  page: PageContext;
  order: Order;
  timeline: TimelineEntry[];
  /** Null when they could not be fetched. */
  files: List<Attachment> | null;
  /** The tenant's own fields. */
  fields: readonly CustomField[];
};

/** The island of an order's page. */
export function OrderPage({ page, order, timeline, files, fields }: Props) {
  return (
    <PageProvider page={page}>
      <OrderView initial={order} initialTimeline={timeline} files={files} fields={fields} />
    </PageProvider>
  );
}

function OrderView({
  initial,
  initialTimeline,
  files,
  fields,
}: {
  initial: Order;
  initialTimeline: TimelineEntry[];
  files: Props["files"];
  fields: Props["fields"];
}) {
  const [order, setOrder] = useState(initial);
  const [timeline, setTimeline] = useState(initialTimeline);
  const actions = useOrderActions(order, setOrder, setTimeline);
  const mayWrite = useAllows("member");
  useLive((event) => {
    const ours = event.kind === "refresh" || (event.kind === "order" && event.id === order.id);
    // One's own change shows by itself when it is done.
    if (ours && !actions.busy) actions.look().catch(() => undefined);
  });
  return (
    <>
      <OrderHeader order={order} actions={actions} />
      <div className="px-4 pb-10 md:px-6">
        {order.deleted_at ? (
          <Notice
            kind="warning"
            title="In the trash."
            className="mb-5"
            action={
              mayWrite ? (
                <Button size="sm" busy={actions.busy} onClick={() => void actions.restore()}>
                  Restore
                </Button>
              ) : null
            }
          >
            Nothing can be changed until it is restored.
          </Notice>
        ) : null}
        <StatusStepper status={order.status} />
        <div className="mt-6 grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="flex min-w-0 flex-col gap-6">
            <section aria-label="Items" className="panel overflow-hidden">
              <OrderItems order={order} />
              <div className="border-line border-t px-4 py-4 md:px-5">
                <Totals amounts={order} currency={order.currency} />
              </div>
            </section>
            {order.notes ? (
              <section aria-labelledby="notes" className="panel px-4 py-4 md:px-5">
                <h2 id="notes" className="mb-1.5 font-semibold text-sm">
                  Notes
                </h2>
                <p className="whitespace-pre-wrap break-words text-muted" dir="auto">
                  {order.notes}
                </p>
              </section>
            ) : null}
            <FilesCard
              owner={{ entity_type: "order", entity_id: order.id }}
              initial={files}
              writable={mayWrite && order.deleted_at === null}
            />
          </div>
          <aside className="flex flex-col gap-6">
            <OrderDetails order={order} fields={fields} />
            <Timeline entries={timeline} />
          </aside>
        </div>
      </div>
    </>
  );
}
