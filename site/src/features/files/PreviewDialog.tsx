import { Download } from "lucide-react";
import type { Attachment } from "../../../../functions/_shared/contracts/files.ts";
import { ButtonLink } from "../../ui/Button.tsx";
import { useHref } from "../../ui/context.tsx";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";

/** A file's preview as large as it is. */
export function PreviewDialog({ file, onClose }: { file: Attachment; onClose: () => void }) {
  const href = useHref();
  return (
    <Dialog open size="lg" onClose={onClose} title={file.file_name}>
      <DialogBody className="flex justify-center">
        <img
          src={href(`files/${file.id}/preview`)}
          alt={`Preview of ${file.file_name}`}
          className="max-h-[65dvh] min-h-24 rounded-md border border-line bg-sunken object-contain"
        />
      </DialogBody>
      <DialogFooter>
        <ButtonLink href={href(`files/${file.id}`)}>
          <Download aria-hidden="true" />
          Download
        </ButtonLink>
      </DialogFooter>
    </Dialog>
  );
}
