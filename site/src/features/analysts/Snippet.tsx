import { Copy } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { copyText } from "../../ui/copy.ts";

/** A piece of code to take along. */
export function Snippet({ label, code }: { label: string; code: string }) {
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1.5 flex items-center justify-between font-medium text-sm">
        {label}
        <Button size="sm" variant="ghost" onClick={() => copyText(code, label)}>
          <Copy aria-hidden="true" />
          Copy
        </Button>
      </figcaption>
      <pre
        dir="ltr"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="max-h-64 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs leading-relaxed"
      >
        {code}
      </pre>
    </figure>
  );
}
