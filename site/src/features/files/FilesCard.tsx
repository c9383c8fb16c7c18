import { Upload as UploadIcon } from "lucide-react";
import { useCallback, useRef, useState } from "react";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import { ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { formatNumber } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { cn } from "../../ui/cn.ts";
import { useApi, usePage } from "../../ui/context.tsx";
import { Dialog, DialogFooter } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { toast } from "../../ui/toast.ts";
import { useLive } from "../../ui/use-live.ts";
import { FileRow } from "./FileRow.tsx";
import type { Owner } from "./send.ts";
import { UploadRow } from "./UploadRow.tsx";
import { useDrop } from "./use-drop.ts";
import { useUploads } from "./use-uploads.ts";

type Props = {
  owner: Owner;
  /** The first page of the record's files; null when they could not be fetched. */
  initial: List<Attachment> | null;
  /** Whether files may be added and deleted. */
  writable: boolean;
};

/** The files of a record. */
export function FilesCard({ owner, initial, writable }: Props) {
  const api = useApi();
  const { locale } = usePage();
  const [files, setFiles] = useState(initial?.data ?? null);
  const [cursor, setCursor] = useState(initial?.page.next_cursor ?? null);
  const [total, setTotal] = useState(initial?.page.total.count ?? 0);
  const [said, setSaid] = useState("");
  const [loading, setLoading] = useState(false);
  const [deleting, setDeleting] = useState<Attachment | null>(null);
  const section = useRef<HTMLElement>(null);
  const input = useRef<HTMLInputElement>(null);

  const { uploads, add, retry, dismiss } = useUploads(owner, (attachment) => {
    setFiles((all) => [...(all ?? []).filter(({ id }) => id !== attachment.id), attachment]);
    setSaid(`${attachment.file_name} uploaded`);
  });
  const adding = useRef(add);
  adding.current = add;
  const onFiles = useCallback((dropped: File[]) => adding.current(dropped), []);
  const dragging = useDrop(section, writable ? onFiles : null);

  async function fetchPage(next: string | null) {
    const query = { ...owner, limit: 100, cursor: next ?? undefined };
    const { data, page } = await api<List<Attachment>>("GET", "/attachments", { query });
    const ids = new Set(data.map(({ id }) => id));
    setFiles((all) => [...(next ? (all ?? []).filter(({ id }) => !ids.has(id)) : []), ...data]);
    setCursor(page.next_cursor);
    setTotal(page.total.count);
  }

  useLive((event) => {
    const ours = event.kind === "files" && event.entity_id === owner.entity_id;
    if (ours || event.kind === "refresh") fetchPage(null).catch(() => undefined);
  });

  async function load(next: string | null) {
    setLoading(true);
    try {
      await fetchPage(next);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast({ kind: "error", title: "The files could not be loaded", detail: error.message });
    } finally {
      setLoading(false);
    }
  }

  async function remove({ id, file_name }: Attachment) {
    setDeleting(null);
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
    section.current?.focus();
  }

  const count = cursor === null ? (files?.length ?? 0) : total;
  return (
    <section
      ref={section}
      tabIndex={-1}
      aria-labelledby="files"
      className={cn(
        "panel overflow-hidden outline-none",
        dragging && "border-accent bg-accent-soft",
      )}
    >
      <div className="flex min-h-12 items-center justify-between gap-3 px-4 py-2 md:px-5">
        <h2 id="files" className="font-semibold text-sm">
          Files{" "}
          <span className="numeric font-normal text-faint" suppressHydrationWarning>
            {count > 0 ? formatNumber(count, locale) : ""}
          </span>
        </h2>
        {writable ? (
          <>
            <Button size="sm" onClick={() => input.current?.click()}>
              <UploadIcon aria-hidden="true" />
              Upload
            </Button>
            <input
              ref={input}
              type="file"
              multiple
              hidden
              aria-label="Upload files"
              onChange={({ currentTarget }) => {
                add([...(currentTarget.files ?? [])]);
                currentTarget.value = ""; // the same file may be chosen again
              }}
            />
          </>
        ) : null}
      </div>
      <p className="sr-only" role="status">
        {said}
      </p>
      {files === null ? (
        <Notice
          kind="danger"
          className="mx-4 mb-4"
          action={
            <Button size="sm" busy={loading} onClick={() => void load(null)}>
              Try again
            </Button>
          }
        >
          The files could not be loaded.
        </Notice>
      ) : null}
      {files?.length || uploads.length > 0 ? (
        <ul>
          {files?.map((file) => (
            <FileRow key={file.id} file={file} onDelete={writable ? setDeleting : null} />
          ))}
          {uploads.map((upload) => (
            <UploadRow key={upload.key} upload={upload} onRetry={retry} onDismiss={dismiss} />
          ))}
        </ul>
      ) : null}
      {cursor ? (
        <div className="border-line border-t px-4 py-2 md:px-5">
          <Button size="sm" variant="ghost" busy={loading} onClick={() => void load(cursor)}>
            Show more
          </Button>
        </div>
      ) : null}
      {files?.length === 0 && uploads.length === 0 ? (
        <p className="px-4 pb-4 text-muted text-sm md:px-5">
          {writable
            ? "No files yet. Drop some here, or upload them with the button."
            : "No files yet."}
        </p>
      ) : null}
      <Dialog
        open={deleting !== null}
        alert
        size="sm"
        onClose={() => setDeleting(null)}
        title="Delete this file?"
        description={`${deleting?.file_name ?? ""} is gone for good, for everybody.`}
      >
        <DialogFooter>
          <Button onClick={() => setDeleting(null)}>Keep</Button>
          <Button
            variant="danger"
            onClick={() => {
              if (deleting) void remove(deleting);
            }}
          >
            Delete
          </Button>
        </DialogFooter>
      </Dialog>
    </section>
  );
}
