import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { DeliveryRow } from "./DeliveryRow.tsx";
import { ReplayDialog } from "./ReplayDialog.tsx";
import type { Filter, useDeliveries } from "./use-deliveries.ts";

const FILTERS: readonly { value: Filter; label: string }[] = [
  { value: "all", label: "All" },
  { value: "pending", label: "Waiting" },
  { value: "succeeded", label: "Delivered" },
  { value: "failed", label: "Failed" },
];

type Props = { log: ReturnType<typeof useDeliveries>; active: boolean };

/** The log of an endpoint's deliveries. */
export function DeliveryList({ log, active }: Props) {
  const [replaying, setReplaying] = useState(false);
  const { deliveries, filter, failure, busy } = log;
  return (
    <section aria-labelledby="deliveries" className="panel overflow-hidden">
      <div className="flex flex-wrap items-end gap-3 px-4 pt-3.5 pb-3 md:px-5">
        <h2 id="deliveries" className="flex-1 self-center font-semibold text-sm">
          Deliveries
        </h2>
        <Button disabled={busy || !active} onClick={() => setReplaying(true)}>
          <RotateCcw aria-hidden="true" />
          Send failed again
        </Button>
        <div className="basis-full">
          <Choice label="Show" options={FILTERS} value={filter} onChange={log.choose} />
        </div>
      </div>
      {failure ? (
        <Notice kind="warning" title="Not up to date." className="mx-4 mb-3 md:mx-5">
          {failure}
        </Notice>
      ) : null}
      {deliveries.length === 0 ? (
        <p className="border-line border-t px-5 py-8 text-center text-muted text-sm">
          {filter === "all"
            ? "Nothing has been sent yet. A test shows whether it arrives."
            : "None."}
        </p>
      ) : (
        <ul aria-label="Deliveries">
          {deliveries.map((delivery) => (
            <DeliveryRow
              key={delivery.id}
              delivery={delivery}
              disabled={busy || !active}
              onReplay={(one) => void log.replay(one)}
            />
          ))}
        </ul>
      )}
      {log.more ? (
        <div className="border-line border-t px-4 py-3 md:px-5">
          <Button busy={busy} onClick={() => void log.more?.()}>
            Show older
          </Button>
        </div>
      ) : null}
      {replaying ? (
        <ReplayDialog onClose={() => setReplaying(false)} onReplay={log.replayFailed} />
      ) : null}
    </section>
  );
}
