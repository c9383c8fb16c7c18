import {
  Download,
  File,
  FileArchive,
  FileSpreadsheet,
  FileText,
  Film,
  Image,
  Trash2,
} from "lucide-react";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import { formatBytes } from "../../lib/format.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { useHref, usePage } from "../../ui/context.tsx";
import { DateTime } from "../../ui/Values.tsx";

type Props = { file: Attachment; onDelete: ((file: Attachment) => void) | null };

/** One file: what it is, and the ways to get it and to be rid of it. */
export function FileRow({ file, onDelete }: Props) {
  const href = useHref();
  const { locale } = usePage();
  const { id, file_name, content_type, byte_size, created_at } = file;
  return (
    <li className="flex items-center gap-3 border-line border-t px-4 py-2 text-sm md:px-5">
      <span className="text-faint [&_svg]:size-4.5" aria-hidden="true">
        <KindIcon type={content_type} />
      </span>
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

function KindIcon({ type }: { type: string }) {
  if (type.startsWith("image/")) return <Image />;
  if (type.startsWith("video/")) return <Film />;
  if (type === "application/zip") return <FileArchive />;
  if (/csv|excel|spreadsheet|tab-separated/.test(type)) return <FileSpreadsheet />;
  if (/^text\/|pdf|word|rtf|opendocument/.test(type)) return <FileText />;
  return <File />;
}
