import { Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { Choice } from "../../ui/Choice.tsx";
import { copyText } from "../../ui/copy.ts";
import { SAMPLES } from "./samples.ts";

const OPTIONS = SAMPLES.map(({ id, label }) => ({ value: id, label }));

/** How a receiver verifies what it is sent. */
export function SamplesCard() {
  const [language, setLanguage] = useState("typescript");
  const sample = SAMPLES.find(({ id }) => id === language);
  return (
    <section aria-labelledby="samples" className="panel px-4 py-4 md:px-5">
      <h2 id="samples" className="font-semibold text-sm">
        Verify what you are sent
      </h2>
      <p className="mt-1 mb-3 text-muted text-sm">
        Deliveries are signed as{" "}
        <a
          href="https://www.standardwebhooks.com"
          className="text-accent-text underline underline-offset-2"
        >
          Standard Webhooks
        </a>{" "}
        has it. Answer with any 2xx within ten seconds; anything else is tried again for three days.
        The same event may come twice, under the same webhook-id.
      </p>
      <Choice label="Language" options={OPTIONS} value={language} onChange={setLanguage} />
      <div className="relative mt-3">
        <pre
          dir="ltr"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          className="max-h-96 overflow-auto rounded-lg bg-sunken p-3 pt-11 font-mono text-xs leading-relaxed"
        >
          {sample?.code}
        </pre>
        <Button
          size="sm"
          className="absolute end-3 top-2"
          onClick={() => copyText(sample?.code ?? "", "The sample")}
        >
          <Copy aria-hidden="true" />
          Copy
        </Button>
      </div>
    </section>
  );
}
