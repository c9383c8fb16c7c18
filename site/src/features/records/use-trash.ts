import { useState } from "react";
import { ApiError } from "../../lib/api/client.ts";
import { useApi } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";

type Trashable = { id: string; name: string };

/** Moves records of one kind to the trash and back, each time with a toast; `onChanged` follows each. */
export function useTrash(path: string, onChanged: () => void) {
  const api = useApi();
  const [busy, setBusy] = useState(false);

  async function attempt(failure: string, work: () => Promise<void>) {
    setBusy(true);
    try {
      await work();
      onChanged();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title: failure, detail: error.message });
    } finally {
      setBusy(false);
    }
  }

  const restore = ({ id, name }: Trashable) =>
    attempt(`${name} was not restored`, async () => {
      await api("POST", `${path}/${id}/restore`);
      toast({ kind: "success", title: `${name} restored` });
    });

  const trash = (record: Trashable) =>
    attempt(`${record.name} was not moved to the trash`, async () => {
      await api("DELETE", `${path}/${record.id}`);
      const undo = { label: "Undo", run: () => void restore(record) };
      toast({ kind: "success", title: `${record.name} moved to the trash`, action: undo });
    });

  return { busy, trash, restore };
}
