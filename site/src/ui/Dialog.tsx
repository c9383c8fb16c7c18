import { X } from "lucide-react";
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { Button } from "./Button.tsx";
import { cn } from "./cn.ts";

type Props = {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: string;
  /** Asks for a decision: no close button, and the page behind does not close it. */
  alert?: boolean;
  size?: "sm" | "md" | "lg";
  /** Without the visible head, near the top of the window: for a dialog that is one search field. */
  bare?: boolean;
  children: ReactNode;
};

const WIDTHS = { sm: "sm:max-w-md", md: "sm:max-w-lg", lg: "sm:max-w-3xl" };

/**
 * The browser's own modal dialog: it keeps the focus inside, makes the page behind inert, closes on
 * Escape and gives the focus back to what opened it.
 */
export function Dialog(props: Props) {
  const {
    open,
    onClose,
    title,
    description,
    alert = false,
    size = "md",
    bare = false,
    children,
  } = props;
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the element leaves the document: closing is what gives the focus back.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!open || dialog === null) return;
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => dialog.close();
  }, [open]);
  if (!open) return null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog by itself
    <dialog
      ref={ref}
      role={alert ? "alertdialog" : undefined}
      aria-label={bare ? title : undefined}
      aria-labelledby={bare ? undefined : `${id}-title`}
      aria-describedby={description ? `${id}-description` : undefined}
      onCancel={(event) => {
        if (event.target !== ref.current) return;
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (!alert && event.target === ref.current) onClose();
      }}
      className={cn(
        "m-auto max-h-[min(90dvh,56rem)] w-[calc(100%-1.5rem)] overflow-hidden rounded-xl bg-raised p-0 text-ink shadow-raised backdrop:animate-[fade_150ms] backdrop:bg-scrim open:flex open:animate-[rise_160ms_var(--ease-out)] open:flex-col",
        bare && "mt-[12dvh]",
        WIDTHS[size],
      )}
    >
      {bare ? null : (
        <header className="flex items-start gap-4 px-5 pt-4.5 pb-1">
          <div className="min-w-0 flex-1">
            <h2 id={`${id}-title`} className="font-semibold text-lg">
              {title}
            </h2>
            {description ? (
              <p id={`${id}-description`} className="mt-1 text-muted">
                {description}
              </p>
            ) : null}
          </div>
          {alert ? null : (
            <Button
              variant="ghost"
              size="icon-sm"
              onClick={onClose}
              aria-label="Close"
              className="-me-1.5"
            >
              <X aria-hidden="true" />
            </Button>
          )}
        </header>
      )}
      {children}
    </dialog>
  );
}

/** What a dialog holds; scrolls when it is taller than the window. */
export function DialogBody({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cn("overflow-y-auto px-5 py-3", className)}>{children}</div>;
}

/** The buttons of a dialog; the one that does it comes last. */
export function DialogFooter({ children }: { children: ReactNode }) {
  return <footer className="flex flex-wrap justify-end gap-2 px-5 pt-2 pb-5">{children}</footer>;
}
