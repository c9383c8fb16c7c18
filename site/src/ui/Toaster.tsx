import { CircleAlert, CircleCheck, X } from "lucide-react";
import { Toast } from "radix-ui";
import { useEffect, useSyncExternalStore } from "react";
import { buttonStyle } from "./button-style.ts";
import { dismissToast, showLeftToast, toastStore } from "./toast.ts";

const SHOWN_MS = 6_000;
const SHOWN_WITH_ACTION_MS = 10_000;
const EMPTY: ReturnType<typeof toastStore.read> = [];

/** Where toasts appear; read out by screen readers, reached with F8, held while pointed at or focused. */
export function Toaster() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.read, () => EMPTY);
  useEffect(showLeftToast, []);
  return (
    <Toast.Provider swipeDirection="right" label="Message">
      {toasts.map(({ id, kind, title, detail, action, lasting }) => (
        <Toast.Root
          key={id}
          type={kind === "error" ? "foreground" : "background"}
          duration={lasting ? Infinity : action ? SHOWN_WITH_ACTION_MS : SHOWN_MS}
          onOpenChange={(open) => {
            if (!open) dismissToast(id);
          }}
          className="flex animate-[rise_180ms_var(--ease-out)] items-center gap-2.5 rounded-lg bg-raised py-2 ps-3.5 pe-2 shadow-raised data-[swipe=move]:translate-x-(--radix-toast-swipe-move-x)"
        >
          {kind === "error" ? (
            <CircleAlert className="size-4 shrink-0 text-danger-text" aria-hidden="true" />
          ) : (
            <CircleCheck className="size-4 shrink-0 text-green-text" aria-hidden="true" />
          )}
          <div className="min-w-0 flex-1 py-0.5">
            <Toast.Title className="break-words font-medium text-sm">{title}</Toast.Title>
            {detail ? (
              <Toast.Description className="break-words text-muted text-sm">
                {detail}
              </Toast.Description>
            ) : null}
          </div>
          {action ? (
            <Toast.Action
              altText={action.label}
              onClick={action.run}
              className={buttonStyle({ variant: "secondary", size: "sm" })}
            >
              {action.label}
            </Toast.Action>
          ) : null}
          <Toast.Close
            className={buttonStyle({ variant: "ghost", size: "icon-sm" })}
            aria-label="Dismiss"
          >
            <X aria-hidden="true" />
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className="fixed inset-x-3 bottom-3 z-50 flex flex-col gap-2 outline-none sm:start-auto sm:w-96" />
    </Toast.Provider>
  );
}
