import { toast } from "./toast.ts";

/** Puts a text on the clipboard and says so; `what` begins the sentence. */
export function copyText(text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => toast({ kind: "success", title: `${what} copied` }),
    () =>
      toast({
        kind: "error",
        title: `${what} could not be copied`,
        detail: "Select it and copy it yourself.",
      }),
  );
}
