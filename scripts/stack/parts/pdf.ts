/** The printer of documents: what Gotenberg is in production. */
import path from "node:path";
import { ChildPart } from "../children.ts";
import type { Part, StackContext } from "../part.ts";
import { findFault } from "../pdf_server/chromium.ts";
import { answers } from "../probe.ts";
import { say } from "../progress.ts";

/** @param env what the process is given beside its own settings. */
export function createPdf(ctx: StackContext, env: Record<string, string>): Part {
  const child = new ChildPart(ctx.dataDir);
  return {
    name: "pdf",
    needs: [],
    async start() {
      // The stack comes up without documents rather than not at all; /healthz says `pdf: down`.
      const fault = await findFault();
      if (fault) say("pdf", `no documents: ${fault}`);
      await child.start({
        name: "pdf",
        command: process.execPath,
        args: [
          "--max-old-space-size=192",
          path.join(ctx.root, "scripts", "stack", "pdf_server", "main.ts"),
          `--port=${ctx.ports.pdf}`,
          // One unpacked Chromium for every stack of this checkout.
          `--cache=${path.join(ctx.root, "node_modules", ".cache", "kontor-chromium")}`,
        ],
        cwd: ctx.root,
        env,
      });
    },
    // Not /health: a machine without Chromium's libraries has a stack all the same.
    healthy: () => answers(`http://127.0.0.1:${ctx.ports.pdf}/version`),
    stop: () => child.stop(),
    onExit: (listener) => child.onExit(listener),
    memoryPids: () => child.pids(),
  };
}
