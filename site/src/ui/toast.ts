/** One list of toasts for every island of a page; what is said just before leaving is shown by the next page. */

export type Toast = {
  id: number;
  kind: "success" | "error";
  title: string;
  detail?: string;
  action?: { label: string; run: () => void };
  /** Stays until it is dismissed. */
  lasting?: boolean;
};

type NewToast = Omit<Toast, "id">;

const FLASH_KEY = "kontor-flash";
let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function replace(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Says something; of what is still shown, the newest three stay. Answers what to dismiss it by. */
export function toast(message: NewToast): number {
  const id = ++lastId;
  replace([...toasts.slice(-3), { ...message, id }]);
  return id;
}

/** Takes a toast away. */
export function dismissToast(id: number): void {
  replace(toasts.filter((one) => one.id !== id));
}

/** Goes to another page, which then says `title`. */
export function leaveWithToast(path: string, title: string): void {
  try {
    sessionStorage.setItem(FLASH_KEY, title);
  } catch {
    // Storage may be forbidden: the message is not worth an error.
  }
  location.assign(path);
}

/** Shows what the page before this one left to say. */
export function showLeftToast(): void {
  try {
    const title = sessionStorage.getItem(FLASH_KEY);
    sessionStorage.removeItem(FLASH_KEY);
    if (title) toast({ kind: "success", title });
  } catch {
    // As above.
  }
}

export const toastStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  read: () => toasts,
};
