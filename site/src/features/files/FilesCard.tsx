import { Upload as UploadIcon } from "lucide-react";
import { useCallback, useRef, useState } from "react";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import type { List } from "../../lib/api/resources.ts";
import { formatNumber } from "../../lib/format.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { cn } from "../../ui/cn.ts";
import { usePage } from "../../ui/context.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { FileRow } from "./FileRow.tsx";
import { PreviewDialog } from "./PreviewDialog.tsx";
import type { Owner } from "./send.ts";
import { UploadRow } from "./UploadRow.tsx";
import { useDrop } from "./use-drop.ts";
import { useFiles } from "./use-files.ts";
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
  const { locale } = usePage();
  const { files, count, more, loading, loadMore, ...list } = useFiles(owner, initial);
  const [said, setSaid] = useState("");
  const [opened, setOpened] = useState<Attachment | null>(null);
  const [deleting, setDeleting] = useState<Attachment | null>(null);
  const section = useRef<HTMLElement>(null);
  const input = useRef<HTMLInputElement>(null);

  const { uploads, add, retry, dismiss } = useUploads(owner, (attachment) => {
    list.add(attachment);
    setSaid(`${attachment.file_name} uploaded`);
  });
  const adding = useRef(add);
  adding.current = add;
  const onFiles = useCallback((dropped: File[]) => adding.current(dropped), []);
  const dragging = useDrop(section, writable ? onFiles : null);

  async function remove(file: Attachment) {
    setDeleting(null);
    await list.remove(file);
    section.current?.focus();
  }

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
            <Button size="sm" busy={loading} onClick={() => void loadMore()}>
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
            <FileRow
              key={file.id}
              file={file}
              onOpen={setOpened}
              onDelete={writable ? setDeleting : null}
            />
          ))}
          {uploads.map((upload) => (
            <UploadRow key={upload.key} upload={upload} onRetry={retry} onDismiss={dismiss} />
          ))}
        </ul>
      ) : null}
      {more ? (
        <div className="border-line border-t px-4 py-2 md:px-5">
          <Button size="sm" variant="ghost" busy={loading} onClick={() => void loadMore()}>
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
      {opened ? <PreviewDialog file={opened} onClose={() => setOpened(null)} /> : null}
      {deleting ? (
        <ConfirmDialog
          danger
          title="Delete this file?"
          description={`${deleting.file_name} is gone for good, for everybody.`}
          keep="Keep"
          action="Delete"
          onClose={() => setDeleting(null)}
          onConfirm={() => void remove(deleting)}
        />
      ) : null}
    </section>
  );
}
