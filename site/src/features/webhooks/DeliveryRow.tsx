import { ChevronDown, RotateCcw } from "lucide-react";
import { useState } from "react";
import type { Delivery, DeliveryStatus } from "../../../../functions/_shared/contracts/webhooks.ts";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { cn } from "../../ui/cn.ts";
import { DateTime } from "../../ui/Values.tsx";
import { DeliveryDetails } from "./DeliveryDetails.tsx";

const STATES: Record<DeliveryStatus, { label: string; tone: Tone }> = {
  pending: { label: "Waiting", tone: "blue" },
  succeeded: { label: "Delivered", tone: "green" },
  failed: { label: "Failed", tone: "red" },
};

type Props = { delivery: Delivery; disabled: boolean; onReplay: (delivery: Delivery) => void };

/** One delivery; opened, it shows what was sent and what came back. */
export function DeliveryRow({ delivery, disabled, onReplay }: Props) {
  const [open, setOpen] = useState(false);
  const { id, event_type, status, error, attempt_count, created_at, next_attempt_at } = delivery;
  const retried = status === "pending" && attempt_count > 0;
  return (
    <li className="border-line border-t text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 md:px-5">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={open ? `delivery-${id}` : undefined}
          className="flex min-w-0 flex-1 basis-60 items-start gap-2 text-start"
          onClick={() => setOpen(!open)}
        >
          <ChevronDown
            className={cn("mt-0.5 size-4 shrink-0 text-faint", !open && "-rotate-90 rtl:rotate-90")}
            aria-hidden="true"
          />
          <span className="min-w-0">
            <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
              <span className="font-medium">{event_type}</span>
              <Badge tone={retried ? "amber" : STATES[status].tone} dot>
                {retried ? "Will be tried again" : STATES[status].label}
              </Badge>
            </span>
            <span className="mt-0.5 block text-faint text-xs">
              <DateTime value={created_at} time />
              {attempt_count > 1 ? ` · ${attempt_count} attempts` : null}
              {retried && next_attempt_at ? (
                <>
                  {" "}
                  · next <DateTime value={next_attempt_at} time />
                </>
              ) : null}
            </span>
            {error && status !== "succeeded" ? (
              <span className="mt-0.5 block break-words text-danger-text text-xs" dir="auto">
                {error}
              </span>
            ) : null}
          </span>
        </button>
        <Button
          size="sm"
          disabled={disabled}
          aria-label={`Send again: ${event_type}`}
          onClick={() => onReplay(delivery)}
        >
          <RotateCcw aria-hidden="true" />
          Send again
        </Button>
      </div>
      {open ? (
        <div id={`delivery-${id}`} className="px-4 pb-4 md:px-5 md:ps-11">
          <DeliveryDetails key={`${status} ${attempt_count}`} id={id} />
        </div>
      ) : null}
    </li>
  );
}
