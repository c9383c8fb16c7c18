/** The portal's server, from the build of site_build.ts. */
import path from "node:path";
import { ChildPart } from "../children.ts";
import type { Part, StackContext } from "../part.ts";
import { answers } from "../probe.ts";
import type { SiteBuild } from "../site_build.ts";

/** @param env what the process is given beside its own settings. */
export function createPortal(
  ctx: StackContext,
  env: Record<string, string>,
  build: SiteBuild,
): Part {
  const child = new ChildPart(ctx.dataDir);
  return {
    name: "portal",
    needs: ["functions"],
    async start() {
      const folder = await build.done;
      await child.start({
        name: "portal",
        command: process.execPath,
        args: [
          "--max-old-space-size=256",
          path.join(ctx.root, "site", "server", "main.ts"),
          folder,
        ],
        cwd: ctx.root,
        env: {
          ...env,
          NODE_ENV: "production",
          HOST: "127.0.0.1",
          PORT: String(ctx.ports.portal),
          METRICS_PORT: String(ctx.ports.portalMetrics),
          PORTAL_URL: ctx.urls.portal,
          TRUSTED_PROXIES: ctx.trustedProxies.join(","),
          FUNCTIONS_URL: `http://127.0.0.1:${ctx.ports.functions}`,
          STORAGE_URL: new URL(ctx.objectStore.endpoint).origin,
          KONTOR_VERSION: ctx.version,
        },
      });
    },
    healthy: () => answers(`${ctx.urls.portal}/`),
    async stop() {
      build.cancel();
      await child.stop();
    },
    onExit: (listener) => child.onExit(listener),
    memoryPids: () => child.pids(),
  };
}
