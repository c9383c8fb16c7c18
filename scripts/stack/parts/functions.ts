/** The HTTP functions, on Deno, with no more rights than they need. */
import { existsSync } from "node:fs";
import path from "node:path";
import { ChildPart } from "../children.ts";
import { StackError } from "../errors.ts";
import type { Part, StackContext } from "../part.ts";
import { answers } from "../probe.ts";

/** Deno's own program: the package's command is a Node script that would stay beside it. */
function program(root: string): string {
  const modules = path.join(root, "node_modules");
  const variants = [
    `${process.platform}-${process.arch}-glibc`,
    `${process.platform}-${process.arch}`,
  ];
  const candidates = [
    ...variants.map((variant) => path.join(modules, "@deno", variant, "deno")),
    path.join(modules, "deno", "deno"),
  ];
  const found = candidates.find((file) => existsSync(file));
  if (found) return found;
  throw new StackError(`no Deno for ${process.platform}-${process.arch} is installed; run npm ci`);
}

/** @param env what the process is given beside its own settings. */
export function createFunctions(ctx: StackContext, env: Record<string, string>): Part {
  const child = new ChildPart(ctx.dataDir);
  return {
    name: "functions",
    needs: ["postgres"],
    async start() {
      const settings: Record<string, string> = {
        PORT: String(ctx.ports.functions),
        METRICS_PORT: String(ctx.ports.functionsMetrics),
        DATABASE_URL: ctx.databaseUrl("kontor_functions"),
        JWT_SECRET: ctx.secrets.jwtSecret,
        WEBHOOK_KEY: ctx.secrets.webhookKey,
        SUPABASE_URL: ctx.urls.gateway,
        SUPABASE_ANON_KEY: ctx.secrets.anonKey,
        PORTAL_URL: ctx.urls.portal,
        WORKER_URL: `http://127.0.0.1:${ctx.ports.worker}`,
        ...(ctx.external.supabase
          ? {}
          : { REST_ADMIN_URL: `http://127.0.0.1:${ctx.ports.restAdmin}` }),
        S3_ENDPOINT: ctx.objectStore.endpoint,
        S3_REGION: ctx.objectStore.region,
        S3_BUCKET: ctx.objectStore.bucket,
        S3_ACCESS_KEY_ID: ctx.objectStore.accessKeyId,
        S3_SECRET_ACCESS_KEY: ctx.objectStore.secretAccessKey,
        SMTP_URL: ctx.smtpUrl,
        GOTENBERG_URL: ctx.gotenbergUrl,
        KONTOR_VERSION: ctx.version,
      };
      await child.start({
        name: "functions",
        command: program(ctx.root),
        args: [
          "run",
          "--no-prompt",
          "--cached-only",
          "--no-remote",
          "--allow-net",
          "--allow-env",
          // The S3 client asks for a home, although nothing of its settings comes from there.
          "--allow-sys=hostname,uid,homedir",
          // Relative to cwd: the list is split at commas, which a checkout's own path may hold.
          "--allow-read=functions,node_modules",
          "--v8-flags=--max-old-space-size=256",
          "functions/main/index.ts",
        ],
        cwd: ctx.root,
        env: {
          ...env,
          DENO_NO_UPDATE_CHECK: "1",
          DENO_DIR: path.join(ctx.dataDir, "deno"),
          ...settings,
        },
      });
    },
    healthy: () => answers(`${ctx.upstreams.functions}/livez`),
    stop: () => child.stop(),
    onExit: (listener) => child.onExit(listener),
    memoryPids: () => child.pids(),
  };
}
