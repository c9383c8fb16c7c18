import type { ReactNode, SubmitEventHandler } from "react";
import { Button } from "../../ui/Button.tsx";
import { Dialog, DialogBody, DialogFooter } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";

type Props = {
  title: string;
  saveLabel: string;
  busy: boolean;
  failure: string | null;
  /** Given when somebody else changed the record: shows what they stored. */
  onLoadTheirs: (() => void) | null;
  onSubmit: SubmitEventHandler<HTMLFormElement>;
  onClose: () => void;
  /** Beside the buttons, at the start. */
  aside?: ReactNode;
  children: ReactNode;
};

/** A dialog that is one form. */
export function RecordDialog(props: Props) {
  const { title, saveLabel, busy, failure, onLoadTheirs, onSubmit, onClose, aside, children } =
    props;
  return (
    <Dialog open onClose={onClose} title={title} size="md">
      <form noValidate onSubmit={onSubmit} className="flex min-h-0 flex-col">
        <DialogBody className="flex flex-col gap-4">
          {failure ? (
            <Notice
              kind="danger"
              action={
                onLoadTheirs ? (
                  <Button size="sm" onClick={onLoadTheirs}>
                    Load theirs
                  </Button>
                ) : null
              }
            >
              {failure}
            </Notice>
          ) : null}
          {children}
        </DialogBody>
        <DialogFooter>
          {aside ? <div className="me-auto">{aside}</div> : null}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={busy}>
            {saveLabel}
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  );
}
