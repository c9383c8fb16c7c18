import {
  ArrowLeft,
  KeyRound,
  MoreHorizontal,
  Pause,
  Pencil,
  Play,
  Send,
  Trash2,
} from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Delivery, Webhook } from "../../../../functions/_shared/contracts/webhooks.ts";
import type { List } from "../../lib/api/resources.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { type PageContext, PageProvider, useHref } from "../../ui/context.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHeader } from "../../ui/PageHeader.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { DeliveryList } from "./DeliveryList.tsx";
import { EndpointDialog } from "./EndpointDialog.tsx";
import { EndpointFacts } from "./EndpointFacts.tsx";
import { SecretDialog } from "./SecretDialog.tsx";
import { useDeliveries } from "./use-deliveries.ts";
import { useEndpoint } from "./use-endpoint.ts";

type Props = { page: PageContext; initial: Webhook; deliveries: List<Delivery> };

/** The island of an endpoint's page. */
export function EndpointPage({ page, ...rest }: Props) {
  return (
    <PageProvider page={page}>
      <Endpoint {...rest} />
    </PageProvider>
  );
}

function Endpoint({ initial, deliveries }: Omit<Props, "page">) {
  const href = useHref();
  const [asking, setAsking] = useState<"edit" | "rotate" | "delete" | null>(null);
  const webhook = useEndpoint(initial);
  const { endpoint, busy, gone, refresh } = webhook;
  const log = useDeliveries(initial.id, deliveries, asking !== "delete" && !busy && !gone);
  // With each delivery that ends, the endpoint fares differently.
  const newest = log.deliveries.map(({ attempt_count, status }) => attempt_count + status).join();
  const seen = useRef(newest);
  useEffect(() => {
    if (seen.current === newest) return;
    seen.current = newest;
    void refresh();
  }, [newest, refresh]);
  const close = () => setAsking(null);
  return (
    <>
      <PageHeader
        title={endpoint.url}
        before={
          <ButtonLink variant="ghost" size="icon" href={href("webhooks")} aria-label="All webhooks">
            <ArrowLeft className="rtl:rotate-180" aria-hidden="true" />
          </ButtonLink>
        }
      >
        <Button
          disabled={busy || !endpoint.active}
          onClick={() => void webhook.test().then((sent) => (sent ? log.refresh() : undefined))}
        >
          <Send aria-hidden="true" />
          Send a test
        </Button>
        <Button disabled={busy} onClick={() => void webhook.setActive(!endpoint.active)}>
          {endpoint.active ? <Pause aria-hidden="true" /> : <Play aria-hidden="true" />}
          {endpoint.active ? "Pause" : "Turn on"}
        </Button>
        <Menu
          trigger={
            <Button size="icon" aria-label="More" disabled={busy}>
              <MoreHorizontal aria-hidden="true" />
            </Button>
          }
        >
          <MenuItem onSelect={() => setAsking("edit")}>
            <Pencil aria-hidden="true" />
            Change
          </MenuItem>
          <MenuItem onSelect={() => setAsking("rotate")}>
            <KeyRound aria-hidden="true" />
            Rotate the secret
          </MenuItem>
          <MenuSeparator />
          <MenuItem tone="danger" onSelect={() => setAsking("delete")}>
            <Trash2 aria-hidden="true" />
            Delete
          </MenuItem>
        </Menu>
      </PageHeader>
      <div className="flex max-w-4xl flex-col gap-5 px-4 pt-1 pb-10 md:px-6">
        {endpoint.disabled_reason ? (
          <Notice kind="danger" title="Kontor turned it off.">
            {endpoint.disabled_reason} Once it is on again, what failed can be sent again.
          </Notice>
        ) : null}
        {endpoint.active && endpoint.failing_since ? (
          <Notice kind="warning" title="It does not take what it is sent.">
            Since <DateTime value={endpoint.failing_since} time />. After five days Kontor turns it
            off.
          </Notice>
        ) : null}
        {!endpoint.active && !endpoint.disabled_reason ? (
          <Notice title="Paused.">What happens meanwhile is not sent.</Notice>
        ) : null}
        <EndpointFacts endpoint={endpoint} />
        <DeliveryList log={log} active={endpoint.active} />
      </div>
      {asking === "edit" ? (
        <EndpointDialog
          endpoint={endpoint}
          onClose={close}
          onSaved={(saved) => {
            webhook.setEndpoint(saved);
            close();
          }}
        />
      ) : null}
      {asking === "rotate" ? (
        <ConfirmDialog
          title="Rotate the secret?"
          description="A new one is made. For 24 hours deliveries carry both signatures, so that your receiver can change over."
          action="Rotate"
          onClose={close}
          onConfirm={() => void webhook.rotate()}
        />
      ) : null}
      {asking === "delete" ? (
        <ConfirmDialog
          title="Delete this endpoint?"
          description="It gets nothing more, and the log of its deliveries goes with it."
          action="Delete"
          danger
          onClose={close}
          onConfirm={() => void webhook.remove()}
        />
      ) : null}
      {webhook.secret ? (
        <SecretDialog secret={webhook.secret} rotated onClose={webhook.closeSecret} />
      ) : null}
    </>
  );
}
