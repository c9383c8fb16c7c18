/** The embedded Postgres. */
import path from "node:path";
import postgres from "postgres";
import { ChildPart } from "../children.ts";
import type { Part, StackContext } from "../part.ts";
import { pickAccount } from "../postgres/account.ts";
import { binFolder, EMBEDDED, type Release } from "../postgres/binaries.ts";
import { ensureCluster } from "../postgres/cluster.ts";

/** Small when idle, durable always (fsync and synchronous_commit stay on), quick for a few users. */
const SETTINGS: Record<string, string> = {
  listen_addresses: "127.0.0.1",
  // A socket's path may have 107 bytes, a checkout's may have more.
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "64MB",
  effective_cache_size: "1GB",
  work_mem: "8MB",
  maintenance_work_mem: "64MB",
  max_wal_size: "512MB",
  min_wal_size: "64MB",
  checkpoint_timeout: "15min",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_logical_replication_workers: "0",
  random_page_cost: "1.1",
  jit: "off",
  shared_preload_libraries: "pg_stat_statements",
  password_encryption: "scram-sha-256",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] %q%u ",
  log_min_duration_statement: "1000",
  log_checkpoints: "off",
};

/** @throws StackError (from start) when the data folder cannot be used; see postgres/cluster.ts. */
export function createPostgres(ctx: StackContext, release: Release = EMBEDDED): Part {
  const child = new ChildPart(ctx.dataDir);
  const folder = path.join(ctx.dataDir, "postgres");
  return {
    name: "postgres",
    needs: [],
    async start() {
      const bin = binFolder(release);
      const account = pickAccount(bin, folder);
      await ensureCluster(
        folder,
        bin,
        account,
        ctx.secrets.databasePasswords.supabase_admin,
        ctx.dataDir,
        release,
      );
      const settings = { ...SETTINGS, port: String(ctx.ports.database) };
      const { command, args } = account.wrap(path.join(bin, "postgres"), [
        "-D",
        folder,
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ]);
      await child.start({
        name: "postgres",
        command,
        args,
        env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
        cwd: folder,
        // "Fast": ends sessions and writes a checkpoint.
        stopSignal: "SIGINT",
        stopWithinMs: 8000,
      });
    },
    async healthy() {
      if (!child.running) return false;
      const sql = postgres(ctx.databaseUrl("supabase_admin"), {
        max: 1,
        connect_timeout: 5,
        onnotice: () => {},
      });
      try {
        await sql`select 1`;
        return true;
      } catch {
        return false;
      } finally {
        await sql.end({ timeout: 1 }).catch(() => {});
      }
    },
    stop: () => child.stop(),
    onExit: (listener) => child.onExit(listener),
    memoryPids: () => child.pids(),
  };
}
