import { useState } from "react";
import type { FieldValues, Path, UseFormReturn } from "react-hook-form";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";

type Record = { id: string; version?: number };

type Options<F extends FieldValues, T extends Record> = {
  form: UseFormReturn<F, unknown, FieldValues>;
  /** `/customers` */
  path: string;
  /** What is being changed; null for a new one. */
  record: T | null;
  onSaved: (saved: T) => void;
};

/**
 * Saves a dialog's form: a new record, or a change that is refused if somebody else changed the record
 * meanwhile; then `theirs` is what they stored.
 */
export function useSaveRecord<F extends FieldValues, T extends Record>(options: Options<F, T>) {
  const { form, path, record, onSaved } = options;
  const api = useApi();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [theirs, setTheirs] = useState<T | null>(null);

  async function save(request: FieldValues) {
    setBusy(true);
    setFailure(null);
    try {
      const version = theirs?.version ?? record?.version;
      onSaved(
        record === null
          ? await api<T>("POST", path, { body: request })
          : await api<T>("PATCH", `${path}/${record.id}`, { body: request, ifMatch: version }),
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      await refused(error);
    } finally {
      setBusy(false);
    }
  }

  async function refused(error: ApiError) {
    if (error.code === "version_mismatch" && record) {
      setTheirs(await api<T>("GET", `${path}/${record.id}`));
      setFailure("Somebody else changed this meanwhile. Save again to keep yours, or load theirs.");
      return;
    }
    for (const [index, { path: at, message }] of error.fields.entries()) {
      // The first one into sight: in a long dialog it may be far away.
      form.setError(at as Path<F>, { message }, { shouldFocus: index === 0 });
    }
    setFailure(error.fields.length > 0 ? null : error.message);
  }

  return {
    busy,
    failure,
    theirs,
    submit: form.handleSubmit(save),
    /** After the form shows what they stored. */
    settle: () => setFailure(null),
  };
}
