import { Button } from "../../ui/Button.tsx";
import { Dialog, DialogFooter } from "../../ui/Dialog.tsx";

type Props = {
  title: string;
  description: string;
  action: string;
  danger?: boolean;
  onClose: () => void;
  onConfirm: () => void;
};

/** Asks before something that is not taken back with a click. */
export function ConfirmDialog({ title, description, action, danger, onClose, onConfirm }: Props) {
  return (
    <Dialog open alert onClose={onClose} size="sm" title={title} description={description}>
      <div className="h-2" />
      <DialogFooter>
        <Button data-autofocus="" onClick={onClose}>
          Cancel
        </Button>
        <Button
          variant={danger ? "danger" : "primary"}
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {action}
        </Button>
      </DialogFooter>
    </Dialog>
  );
}
