import { type BaseSyntheticEvent, useRef, useState } from "react";
import type { Order } from "../../../../functions/_shared/contracts/orders.ts";
import { ApiError } from "../../lib/api/client.ts";
import { minorDigits } from "../../lib/currencies.ts";
import { formatMoney } from "../../lib/format.ts";
import { useApi, useHref, usePage } from "../../ui/context.tsx";
import { leaveWithToast } from "../../ui/toast.ts";
import { previewTotals } from "./arithmetic.ts";
import type { OrderFormApi } from "./form-model.ts";
import { fieldOf, type OrderForm, type OrderRequest } from "./form-model.ts";

type RequestField = keyof OrderRequest & keyof OrderForm;
const FIELDS: readonly RequestField[] = [
  "customer_id",
  "currency",
  "placed_at",
  "notes",
  "shipping_total",
  "custom",
  "items",
];

/**
 * Saves the order editor's form: a new order under a key that makes a second press harmless, a change
 * only if nobody else changed the order meanwhile.
 */
export function useSaveOrder(form: OrderFormApi, order: Order | null) {
  const api = useApi();
  const href = useHref();
  const { locale } = usePage();
  const [busy, setBusy] = useState(false);
  /** Set at once, not with the next rendering: leaving the page comes first. */
  const saved = useRef(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [conflict, setConflict] = useState<Order | null>(null);
  const attempt = useRef({ body: "", key: "" });

  /** One key for one content: the API answers its repetition with the order it made the first time. */
  function keyFor(request: OrderRequest): string {
    const body = JSON.stringify(request);
    if (attempt.current.body !== body) attempt.current = { body, key: crypto.randomUUID() };
    return attempt.current.key;
  }

  /** What was changed here; what was not stays as somebody else may have left it. */
  function changes(request: OrderRequest): Partial<OrderRequest> {
    const { dirtyFields } = form.formState;
    return Object.fromEntries(
      FIELDS.filter((name) => dirtyFields[name]).map((name) => [name, request[name]]),
    );
  }

  function send(request: OrderRequest, version: number | undefined): Promise<Order> {
    if (order === null) {
      return api<Order>("POST", "/orders", { body: request, idempotencyKey: keyFor(request) });
    }
    return api<Order>("PATCH", `/orders/${order.id}`, { body: changes(request), ifMatch: version });
  }

  async function save(request: OrderRequest, version: number | undefined) {
    setBusy(true);
    setFailure(null);
    try {
      const stored = await send(request, version);
      saved.current = true;
      leaveWithToast(href(`orders/${stored.id}`), messageFor(stored, request));
    } catch (error) {
      setBusy(false);
      if (!(error instanceof ApiError)) throw error;
      await refused(error);
    }
  }

  async function refused(error: ApiError) {
    if (error.code === "version_mismatch" && order) {
      setConflict(await api<Order>("GET", `/orders/${order.id}`));
      return;
    }
    for (const { path, message } of error.fields) {
      form.setError(fieldOf(path, form.getValues()) as "notes", { message });
    }
    setFailure(error.fields.length > 0 ? "Some fields need another look." : error.message);
  }

  function messageFor(stored: Order, request: OrderRequest): string {
    const done = order ? `${stored.number} saved` : `${stored.number} created`;
    const lines = request.items.map((item) => ({ discount_percent: 0, tax_rate: 0, ...item }));
    const shown = previewTotals(lines, request.shipping_total, minorDigits(stored.currency)).total;
    if (shown === stored.total || stored.items.length !== request.items.length) return done;
    return `${done}; its total is ${formatMoney(stored.total, stored.currency, locale)}`;
  }

  return {
    busy,
    saved,
    failure,
    conflict,
    submit: (event: BaseSyntheticEvent) =>
      form.handleSubmit((request) => save(request, order?.version))(event),
    /** Saves over what somebody else stored. */
    overwrite: (theirs: Order) => {
      setConflict(null);
      return form.handleSubmit((request) => save(request, theirs.version))();
    },
    settle: () => setConflict(null),
  };
}
