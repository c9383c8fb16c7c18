import { Download, Trash2 } from "lucide-react";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import { formatBytes } from "../../lib/format.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { useHref, usePage } from "../../ui/context.tsx";
import { DateTime } from "../../ui/Values.tsx";
import { Thumbnail } from "./Thumbnail.tsx";

type Props = {
  file: Attachment;
  onOpen: (file: Attachment) => void;
  onDelete: ((file: Attachment) => void) | null;
};

/** One file: what it is, and the ways to look at it, to get it and to be rid of it. */
export function FileRow({ file, onOpen, onDelete }: Props) {
  const href = useHref();
  const { locale } = usePage();
  const { id, file_name, byte_size, created_at } = file;
  return (
    <li className="flex items-center gap-3 border-line border-t px-4 py-2 text-sm md:px-5">
      <Thumbnail file={file} onOpen={() => onOpen(file)} />
      <div className="min-w-0 flex-1">
        <a href={href(`files/${id}`)} className="block truncate font-medium hover:underline">
          <bdi>{file_name}</bdi>
        </a>
        <p className="truncate text-faint text-xs">
          <span className="numeric" suppressHydrationWarning>
            {formatBytes(byte_size, locale)}
          </span>{" "}
          · <DateTime value={created_at} time />
        </p>
      </div>
      <div className="flex">
        <ButtonLink
          href={href(`files/${id}`)}
          variant="ghost"
          size="icon"
          aria-label={`Download ${file_name}`}
        >
          <Download aria-hidden="true" />
        </ButtonLink>
        {onDelete ? (
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Delete ${file_name}`}
            onClick={() => onDelete(file)}
          >
            <Trash2 aria-hidden="true" />
          </Button>
        ) : null}
      </div>
    </li>
  );
}
