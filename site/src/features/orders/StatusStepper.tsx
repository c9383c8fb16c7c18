import { Ban, Check } from "lucide-react";
import type { OrderStatus } from "../../../../functions/_shared/contracts/orders.ts";
import { cn } from "../../ui/cn.ts";
import { STATUS } from "./status.ts";

const STEPS: readonly OrderStatus[] = ["pending", "processing", "shipped", "delivered"];

/** How far an order has come. */
export function StatusStepper({ status }: { status: OrderStatus }) {
  if (status === "cancelled") {
    return (
      <p className="flex items-center gap-2 rounded-lg bg-grey-soft px-3.5 py-2.5 text-muted text-sm">
        <Ban className="size-4" aria-hidden="true" />
        This order was cancelled.
      </p>
    );
  }
  const reached = STEPS.indexOf(status);
  return (
    <ol className="flex items-center gap-2" aria-label="Progress">
      {STEPS.map((step, index) => {
        const done = index < reached || status === "delivered";
        const current = index === reached;
        return (
          <li
            key={step}
            aria-current={current ? "step" : undefined}
            className={cn("flex items-center gap-2 text-sm", index > 0 && "flex-1 sm:max-w-52")}
          >
            {index > 0 ? (
              <span
                className={cn("h-px min-w-2 flex-1", index <= reached ? "bg-accent" : "bg-line")}
                aria-hidden="true"
              />
            ) : null}
            <span
              aria-hidden="true"
              className={cn(
                "flex size-5 shrink-0 items-center justify-center rounded-full border text-xs",
                done && "border-accent bg-accent text-accent-ink",
                current && !done && "border-2 border-accent bg-accent-soft",
                !current && !done && "border-line text-faint",
              )}
            >
              {done ? (
                <Check className="size-3" />
              ) : current ? (
                <span className="size-1.5 rounded-full bg-accent" />
              ) : null}
            </span>
            <span
              className={cn(
                "whitespace-nowrap",
                current ? "font-medium" : "text-muted max-sm:sr-only",
              )}
            >
              {STATUS[step].label}
              {done ? <span className="sr-only"> (done)</span> : null}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
