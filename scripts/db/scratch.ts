/** A throwaway Postgres with what Supabase's image has in it, ready for our migrations. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres, { type Sql } from "postgres";
import { readEnv } from "../env.ts";
import { createContext } from "../stack/context.ts";
import { StackError } from "../stack/errors.ts";
import type { LoginRole } from "../stack/part.ts";
import { installAuthSchema } from "../stack/parts/auth_schema.ts";
import { createPostgres } from "../stack/parts/postgres.ts";
import { freePublicPorts, pickPorts } from "../stack/ports.ts";
import { EMBEDDED, type Release } from "../stack/postgres/binaries.ts";
import { bootstrapCluster, setPasswords } from "../stack/roles.ts";
import { loadSecrets } from "../stack/secrets.ts";
import type { Slice } from "./slices.ts";

export type Scratch = AsyncDisposable & {
  /** A login's address. */
  url(role: LoginRole): string;
};

/** postgres.js on one connection, closed when the work is done. */
export async function using<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/**
 * Starts a cluster of its own in the system's temporary folder: roles belong to a cluster, so two
 * databases whose roles are to be compared need two.
 * @throws StackError when Postgres cannot be started here.
 */
export async function startScratch(release: Release = EMBEDDED): Promise<Scratch> {
  const folder = await mkdtemp(path.join(tmpdir(), "kontor-scratch-"));
  await mkdir(path.join(folder, "run"), { mode: 0o700 });
  const env = readEnv({ ...(await freePublicPorts()), KONTOR_DATA_DIR: folder });
  const ctx = createContext(env, await loadSecrets(folder, env), await pickPorts(env));
  const server = createPostgres(ctx, release);
  const dispose = async () => {
    // Nothing in it is worth an orderly end.
    for (const pid of server.memoryPids?.() ?? []) process.kill(pid, "SIGQUIT");
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const admin = ctx.databaseUrl("supabase_admin");
  let died: string | undefined;
  server.onExit?.((reason) => {
    died = reason;
  });
  try {
    await server.start();
    while (!(await server.healthy())) {
      if (died !== undefined) throw new StackError(`the scratch Postgres ended: ${died}`);
      await sleep(50);
    }
    await using(admin, async (sql) => {
      await bootstrapCluster(sql);
      await setPasswords(sql, ctx.secrets.databasePasswords);
    });
    await installAuthSchema(ctx.databaseUrl("supabase_auth_admin"));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url: ctx.databaseUrl,
    [Symbol.asyncDispose]: dispose,
  };
}

/**
 * Loads sql/ as the owner, each slice in a transaction of its own.
 * @throws Error naming the slice, the line and Postgres' reason.
 */
export async function loadSlices(ownerUrl: string, slices: readonly Slice[]): Promise<void> {
  await using(ownerUrl, async (sql) => {
    for (const { file, sql: text } of slices) {
      try {
        await sql.begin((tx) => tx.unsafe(text).simple());
      } catch (error) {
        if (!(error instanceof postgres.PostgresError)) throw error;
        const line = text.slice(0, Math.max(0, Number(error.position ?? 1) - 1)).split("\n").length;
        throw new Error(`sql/${file}:${line}: ${error.message}`, { cause: error });
      }
    }
  });
}
