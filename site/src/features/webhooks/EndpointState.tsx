import type { Webhook } from "../../../../functions/_shared/contracts/webhooks.ts";
import { Badge } from "../../ui/Badge.tsx";

/** How an endpoint fares, in a word. */
export function EndpointState({ endpoint }: { endpoint: Webhook }) {
  const { active, disabled_reason, failing_since } = endpoint;
  if (disabled_reason !== null) return <Badge tone="red">Turned off</Badge>;
  if (!active) return <Badge>Paused</Badge>;
  return failing_since !== null ? (
    <Badge tone="amber" dot>
      Failing
    </Badge>
  ) : (
    <Badge tone="green" dot>
      Active
    </Badge>
  );
}
