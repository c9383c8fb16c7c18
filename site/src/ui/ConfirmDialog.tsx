import { Button } from "./Button.tsx";
import { Dialog, DialogFooter } from "./Dialog.tsx";

type Props = {
  title: string;
  description: string;
  action: string;
  /** The way back: what stays as it is. */
  keep?: string;
  danger?: boolean;
  onClose: () => void;
  onConfirm: () => void;
};

/** Asks before something that is not taken back with a click. */
export function ConfirmDialog(props: Props) {
  const { title, description, action, keep = "Cancel", danger, onClose, onConfirm } = props;
  return (
    <Dialog open alert onClose={onClose} size="sm" title={title} description={description}>
      <div className="h-2" />
      <DialogFooter>
        <Button data-autofocus="" onClick={onClose}>
          {keep}
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
