import { type SubmitEvent, useState } from "react";
import {
  EVENT_TYPES,
  type EventType,
  type Webhook,
  type WebhookWithSecret,
} from "../../../../functions/_shared/contracts/webhooks.ts";
import { ApiError } from "../../lib/api/client.ts";
import { Button } from "../../ui/Button.tsx";
import { useApi } from "../../ui/context.tsx";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { EventChoice } from "./EventChoice.tsx";

type Props = {
  /** What is changed; without it a new one is made. */
  endpoint?: Webhook;
  onClose: () => void;
  /** The secret is there only for a new one. */
  onSaved: (saved: Webhook, secret?: string) => void;
};

type Refusal = { form?: string; url?: string; events?: string };

/** Makes an endpoint, or changes one. */
export function EndpointDialog({ endpoint, onClose, onSaved }: Props) {
  const api = useApi();
  const [events, setEvents] = useState<Set<EventType>>(() => new Set(endpoint?.events));
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>({});

  async function save(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const description = String(form.get("description") ?? "").trim();
    const body = {
      url: String(form.get("url") ?? "").trim(),
      events: EVENT_TYPES.filter((type) => events.has(type)),
      description: description === "" ? null : description,
    };
    setBusy(true);
    setRefusal({});
    try {
      if (endpoint) {
        const ifMatch = endpoint.version;
        onSaved(await api<Webhook>("PATCH", `/webhooks/${endpoint.id}`, { body, ifMatch }));
      } else {
        const { secret, ...made } = await api<WebhookWithSecret>("POST", "/webhooks", { body });
        onSaved(made, secret);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const of = (name: string) =>
        error.fields.find(({ path }) => path.split(".")[0] === name)?.message;
      const [url, chosen] = [of("url"), of("events")];
      if (url || chosen)
        setRefusal({ ...(url ? { url } : {}), ...(chosen ? { events: chosen } : {}) });
      else setRefusal({ form: error.message });
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog open onClose={onClose} title={endpoint ? "Change the endpoint" : "Add an endpoint"}>
      <form noValidate onSubmit={(event) => void save(event)} className="flex min-h-0 flex-col">
        <DialogBody className="flex flex-col gap-4">
          {refusal.form ? <Notice kind="danger">{refusal.form}</Notice> : null}
          <Field label="Address" error={refusal.url} hint="Every event is POSTed there as JSON.">
            {(field) => (
              <Input
                {...field}
                data-autofocus=""
                type="url"
                name="url"
                dir="ltr"
                autoComplete="off"
                placeholder="https://example.com/webhooks"
                defaultValue={endpoint?.url}
              />
            )}
          </Field>
          <Field label="Description" optional>
            {(field) => (
              <Input {...field} name="description" defaultValue={endpoint?.description ?? ""} />
            )}
          </Field>
          <EventChoice chosen={events} error={refusal.events} onChange={setEvents} />
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy}>
            {endpoint ? "Save" : "Add"}
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  );
}
