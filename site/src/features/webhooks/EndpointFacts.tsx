import type { ReactNode } from "react";
import type { Webhook } from "../../../../functions/_shared/contracts/webhooks.ts";
import { DateTime } from "../../ui/Values.tsx";
import { EndpointState } from "./EndpointState.tsx";

/** What is to be known of an endpoint at a glance. */
export function EndpointFacts({ endpoint }: { endpoint: Webhook }) {
  const { description, events, created_at, last_success_at, secret_rotated_at } = endpoint;
  return (
    <dl className="panel grid gap-x-6 gap-y-3 px-4 py-3.5 text-sm sm:grid-cols-2 md:px-5">
      <Fact label="State">
        <EndpointState endpoint={endpoint} />
      </Fact>
      <Fact label="Last delivered">
        {last_success_at ? <DateTime value={last_success_at} time /> : "Nothing yet"}
      </Fact>
      <Fact label="Secret">
        {secret_rotated_at ? "Rotated " : "Made "}
        <DateTime value={secret_rotated_at ?? created_at} time />
      </Fact>
      {description ? (
        <Fact label="Description">
          <bdi className="break-words">{description}</bdi>
        </Fact>
      ) : null}
      <div className="min-w-0 sm:col-span-2">
        <dt className="text-faint text-xs">Events</dt>
        <dd className="mt-0.5 break-words">{events.join(", ")}</dd>
      </div>
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-faint text-xs">{label}</dt>
      <dd className="mt-0.5">{children}</dd>
    </div>
  );
}
