import { File, FileArchive, FileSpreadsheet, FileText, Film, Image } from "lucide-react";
import { useState } from "react";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import { useHref } from "../../ui/context.tsx";

type Props = { file: Attachment; onOpen: () => void };

/** What a file looks like, to be opened larger; without a preview only of what kind it is. */
export function Thumbnail({ file, onOpen }: Props) {
  const href = useHref();
  const [broken, setBroken] = useState(false);
  if (file.preview !== "ready" || broken) {
    return (
      <span
        className="flex size-10 shrink-0 items-center justify-center rounded-md bg-sunken text-faint [&_svg]:size-4.5"
        aria-hidden="true"
      >
        <KindIcon type={file.content_type} />
      </span>
    );
  }
  return (
    <button
      type="button"
      onClick={onOpen}
      className="size-10 shrink-0 cursor-zoom-in overflow-hidden rounded-md border border-line bg-sunken"
    >
      <img
        src={href(`files/${file.id}/preview`)}
        alt={`Preview of ${file.file_name}`}
        loading="lazy"
        decoding="async"
        className="size-full object-cover"
        onError={() => setBroken(true)}
      />
    </button>
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
