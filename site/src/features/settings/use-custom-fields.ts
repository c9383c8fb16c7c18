import { useState } from "react";
import type {
  CustomEntity,
  CustomField,
} from "../../../../functions/_shared/contracts/custom_fields.ts";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";

const inOrder = (a: CustomField, b: CustomField) =>
  a.position - b.position || (a.id < b.id ? -1 : 1);

/** The tenant's own fields, and what can be done with them. */
export function useCustomFields(initial: readonly CustomField[]) {
  const api = useApi();
  const [fields, setFields] = useState(initial);
  const [busy, setBusy] = useState(false);

  const put = (changed: readonly CustomField[]) => {
    const ids = new Set(changed.map(({ id }) => id));
    setFields((all) => [...all.filter(({ id }) => !ids.has(id)), ...changed]);
  };

  async function attempt(failure: string, work: () => Promise<void>) {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title: failure, detail: error.message });
    } finally {
      setBusy(false);
    }
  }

  const of = (entity: CustomEntity) =>
    fields.filter((field) => field.entity === entity).toSorted(inOrder);

  return {
    of,
    busy,
    /** After a field was added or changed. */
    saved(field: CustomField) {
      put([field]);
      toast({ kind: "success", title: `${field.label} saved` });
    },
    remove: ({ id, label }: CustomField) =>
      attempt(`${label} was not removed`, async () => {
        await api("DELETE", `/custom-fields/${id}`);
        setFields((all) => all.filter((one) => one.id !== id));
        toast({ kind: "success", title: `${label} removed` });
      }),
    /** One place up or down: every field whose place is another then is told so. */
    move: (field: CustomField, by: -1 | 1) =>
      attempt(`${field.label} was not moved`, async () => {
        const order = of(field.entity);
        const from = order.findIndex(({ id }) => id === field.id);
        order.splice(from, 1);
        order.splice(from + by, 0, field);
        for (const [at, one] of order.entries()) {
          const position = at + 1;
          if (one.position === position) continue;
          const body = { position };
          put([await api<CustomField>("PATCH", `/custom-fields/${one.id}`, { body })]);
        }
      }),
  };
}
