import { useEffect, useMemo, useState } from "react";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { inTurn } from "../../lib/in-turn.ts";
import { useApi } from "../../ui/context.tsx";
import { toast } from "../../ui/toast.ts";
import { useLive } from "../../ui/use-live.ts";
import type { Owner } from "./send.ts";

const PAGE = 100;
/** How often previews are asked for while the page does not hear of them, ever less often. */
const ASK_MS = { first: 1_500, most: 30_000 };

/** The files of a record, oldest first, kept up to date while the page is open. */
export function useFiles(owner: Owner, initial: List<Attachment> | null) {
  const api = useApi();
  const { entity_type, entity_id } = owner;
  const [files, setFiles] = useState<readonly Attachment[] | null>(initial?.data ?? null);
  const [cursor, setCursor] = useState(initial?.page.next_cursor ?? null);
  const [count, setCount] = useState(initial?.page.total.count ?? 0);
  const [loading, setLoading] = useState(false);
  const [asked, setAsked] = useState(0);

  const fetchPage = useMemo(() => {
    const query = { entity_type, entity_id, limit: PAGE };
    return (after?: string) =>
      api<List<Attachment>>("GET", "/attachments", { query: { ...query, cursor: after } });
  }, [api, entity_type, entity_id]);

  /** The first page again; what was shown beyond it stays. */
  const refresh = useMemo(
    () =>
      inTurn(async () => {
        try {
          const { data, page } = await fetchPage();
          const ids = new Set(data.map(({ id }) => id));
          setFiles((all) => [
            ...data,
            ...(page.next_cursor ? (all ?? []).slice(PAGE).filter(({ id }) => !ids.has(id)) : []),
          ]);
          setCursor((before) => (page.next_cursor ? (before ?? page.next_cursor) : null));
          setCount(page.total.count);
        } catch (error) {
          // It is tried again with the next event; what is shown was true a moment ago.
          if (!(error instanceof ApiError)) throw error;
        } finally {
          setAsked((times) => times + 1);
        }
      }),
    [fetchPage],
  );

  const live = useLive((event) => {
    const here =
      event.kind === "files" && event.entity_type === entity_type && event.entity_id === entity_id;
    if (here || event.kind === "refresh") void refresh();
  });

  const waiting = files?.some(({ preview }) => preview === "pending") ?? false;
  useEffect(() => {
    if (!waiting || live) return;
    const wait = Math.min(ASK_MS.first * 2 ** asked, ASK_MS.most);
    const timer = setTimeout(() => void refresh(), wait);
    return () => clearTimeout(timer);
  }, [waiting, live, asked, refresh]);

  /** The next page; the first one when there is none yet. */
  async function loadMore() {
    setLoading(true);
    try {
      const { data, page } = await fetchPage(files === null ? undefined : (cursor ?? undefined));
      const ids = new Set(data.map(({ id }) => id));
      setFiles((all) => [...(all ?? []).filter(({ id }) => !ids.has(id)), ...data]);
      setCursor(page.next_cursor);
      setCount(page.total.count);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title: "The files could not be loaded", detail: error.message });
    } finally {
      setLoading(false);
    }
  }

  function add(file: Attachment) {
    setFiles((all) => [...(all ?? []).filter(({ id }) => id !== file.id), file]);
    void refresh();
  }

  /** Deletes a file for good, and says how it went. */
  async function remove({ id, file_name }: Attachment) {
    try {
      await api("DELETE", `/attachments/${id}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 404) {
        toast({ kind: "error", title: `${file_name} was not deleted`, detail: error.message });
        return;
      }
    }
    setFiles((all) => (all ?? []).filter((one) => one.id !== id));
    toast({ kind: "success", title: `${file_name} deleted` });
    void refresh();
  }

  return { files, count, more: cursor !== null, loading, add, remove, loadMore };
}
