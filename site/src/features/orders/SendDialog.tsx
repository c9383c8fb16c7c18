import { type SubmitEvent, useEffect, useState } from "react";
import type { Customer } from "../../../../functions/_shared/contracts/customers.ts";
import { orderSend } from "../../../../functions/_shared/contracts/jobs.ts";
import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input, Textarea } from "../../ui/Input.tsx";
import { toast } from "../../ui/toast.ts";
import { RecordDialog } from "../records/RecordDialog.tsx";

type Props = { order: Order; onClose: () => void };
type Errors = Readonly<Record<string, string>>;

/** Mails the order's confirmation: to whom, and with which words of one's own. */
export default function SendDialog({ order, onClose }: Props) {
  const api = useApi();
  const [to, setTo] = useState("");
  const [note, setNote] = useState("");
  const [errors, setErrors] = useState<Errors>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const { customer } = order;

  useEffect(() => {
    if (customer === null) return;
    const aborted = new AbortController();
    api<Customer>("GET", `/customers/${customer.id}`, { signal: aborted.signal }).then(
      ({ email }) => setTo((typed) => typed || (email ?? "")),
      // The address can be typed.
      () => undefined,
    );
    return () => aborted.abort();
  }, [api, customer]);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const checked = orderSend.required({ to: true }).safeParse({
      to,
      ...(note.trim() ? { note: note.trim() } : {}),
    });
    setFailure(null);
    setErrors({});
    if (!checked.success) {
      setErrors(byField(checked.error.issues.map((i) => [i.path.join("."), i.message])));
      return;
    }
    setBusy(true);
    try {
      await api("POST", `/orders/${order.id}/send`, { body: checked.data });
      toast({ kind: "success", title: `${order.number} is on its way to ${checked.data.to}` });
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setErrors(byField(error.fields.map(({ path, message }) => [path, message])));
      if (error.fields.length === 0) setFailure(error.message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <RecordDialog
      title={`Send ${order.number}`}
      saveLabel="Send"
      busy={busy}
      failure={failure}
      onLoadTheirs={null}
      onSubmit={(event) => void submit(event)}
      onClose={onClose}
    >
      <Field
        label="To"
        error={errors.to}
        hint={customer ? `The address of ${customer.name}, or another` : undefined}
      >
        {(field) => (
          <Input
            {...field}
            data-autofocus=""
            type="email"
            autoComplete="off"
            value={to}
            onChange={(event) => setTo(event.target.value)}
          />
        )}
      </Field>
      <Field label="Note" optional error={errors.note} hint="Stands above what was ordered.">
        {(field) => (
          <Textarea
            {...field}
            maxLength={2000}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        )}
      </Field>
      <p className="text-faint text-xs">
        The order confirmation goes along as a PDF. Answers go to the e-mail address in the
        settings, if there is one.
      </p>
    </RecordDialog>
  );
}

const byField = (faults: readonly (readonly [string, string])[]): Errors =>
  Object.fromEntries(faults);
