import { ChevronRight } from "lucide-react";
import type { Webhook } from "../../../../functions/_shared/contracts/webhooks.ts";
import { useHref } from "../../ui/context.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { EndpointState } from "./EndpointState.tsx";
import { eventsLabel } from "./events.ts";

/** One endpoint: where, what, and how it fares. The whole row leads to it. */
export function EndpointRow({ endpoint }: { endpoint: Webhook }) {
  const href = useHref();
  const { id, url, description, events, last_success_at } = endpoint;
  return (
    <li className="relative flex items-center gap-4 border-line border-t px-4 py-3 text-sm hover:bg-hover md:px-5">
      <div className="min-w-0 flex-1">
        <p className="flex min-w-0 items-center gap-2.5">
          <a
            href={href(`webhooks/${id}`)}
            dir="ltr"
            className="min-w-0 truncate font-medium after:absolute after:inset-0"
          >
            {url}
          </a>
          <EndpointState endpoint={endpoint} />
        </p>
        <p className="mt-0.5 truncate text-faint text-xs">
          {description ? <bdi>{description}</bdi> : null}
          {description ? " · " : null}
          {eventsLabel(events)}
          {last_success_at ? (
            <>
              {" "}
              · last delivered <DateTime value={last_success_at} time />
            </>
          ) : (
            " · nothing delivered yet"
          )}
        </p>
      </div>
      <ChevronRight className="size-4 shrink-0 text-faint rtl:rotate-180" aria-hidden="true" />
    </li>
  );
}
