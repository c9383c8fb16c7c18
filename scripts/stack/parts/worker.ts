/** The background worker. */
import path from "node:path";
import { ChildPart } from "../children.ts";
import type { Part, StackContext } from "../part.ts";
import { answers } from "../probe.ts";
import { S3_PREFIX } from "./s3_server.ts";

/** @param env what the process is given beside its own settings. */
export function createWorker(ctx: StackContext, env: Record<string, string>): Part {
  const child = new ChildPart(ctx.dataDir);
  return {
    name: "worker",
    needs: ["postgres"],
    async start() {
      await child.start({
        name: "worker",
        command: process.execPath,
        // Where objects are young V8 takes up to 100 MB if it may, and does not give it back: rows of
        // an export are hardly slower in 12.
        args: [
          "--max-old-space-size=256",
          "--max-semi-space-size=4",
          path.join(ctx.root, "tasks", "main.ts"),
        ],
        cwd: ctx.root,
        env: {
          ...env,
          DATABASE_URL: ctx.databaseUrl("kontor_worker"),
          PORT: String(ctx.ports.worker),
          S3_ENDPOINT: ctx.external.s3 ? ctx.objectStore.endpoint : ctx.upstreams.s3 + S3_PREFIX,
          S3_REGION: ctx.objectStore.region,
          S3_BUCKET: ctx.objectStore.bucket,
          S3_ACCESS_KEY_ID: ctx.objectStore.accessKeyId,
          S3_SECRET_ACCESS_KEY: ctx.objectStore.secretAccessKey,
          SMTP_URL: ctx.smtpUrl,
          GOTENBERG_URL: ctx.gotenbergUrl,
          PORTAL_URL: ctx.urls.portal,
          WEBHOOK_KEY: ctx.secrets.webhookKey,
          KONTOR_VERSION: ctx.version,
        },
      });
    },
    healthy: () => answers(`http://127.0.0.1:${ctx.ports.worker}/livez`),
    stop: () => child.stop(),
    onExit: (listener) => child.onExit(listener),
    memoryPids: () => child.pids(),
  };
}
