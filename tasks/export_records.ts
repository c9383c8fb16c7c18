/** Makes the file that somebody asked for: a list, as they may see it, in the object store. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "postgres";
import { z } from "zod";
import { readEnv } from "./env.ts";
import { PermanentError } from "./errors.ts";
import { csv } from "./exports/csv.ts";
import { Cancelled, failureOf } from "./exports/failure.ts";
import type { Format, Progress } from "./exports/format.ts";
import { pdf } from "./exports/pdf.ts";
import { readSnapshot } from "./exports/snapshot.ts";
import { abortUnfinished, Upload } from "./exports/upload.ts";
import { type Wanted, wanted } from "./exports/wanted.ts";
import { xlsx } from "./exports/xlsx.ts";
import { objectStore } from "./s3.ts";
import { defineTask, type TaskContext } from "./task.ts";

const FORMATS: Readonly<Record<Wanted["format"], Format>> = { csv, xlsx, pdf };
const REPORT_EVERY_MS = 1_000;
/** A store that does not answer must not keep a cancelled export from ending. */
const TAKE_BACK_WITHIN_MS = 1_000;

export const exportRecords = defineTask({
  payload: z.object({ tenant_id: z.guid(), export_id: z.guid() }),
  async run({ tenant_id, export_id }, context) {
    const { sql, job, log, signal } = context;
    const [begun] = await sql<{ wanted: unknown }[]>`
      select private.begin_export(${tenant_id}, ${export_id}) as wanted`;
    if (begun?.wanted === null) return;
    try {
      await make(wanted.parse(begun?.wanted), context);
    } catch (error) {
      if (error instanceof Cancelled) {
        await finish(sql, tenant_id, export_id, "cancelled");
        return;
      }
      // Asked to stop: the next worker begins anew.
      signal.throwIfAborted();
      const { reason, forGood } = failureOf(error);
      log.warn({ err: error, export_id }, "an export failed");
      if (!forGood && job.attempts < job.max_attempts) {
        await sql`select private.postpone_export(${tenant_id}, ${export_id}, ${reason})`;
        throw new Error(reason, { cause: error });
      }
      await finish(sql, tenant_id, export_id, "failed", reason);
      throw new PermanentError(reason, { cause: error });
    }
  },
});

async function make(wanted: Wanted, { sql, log, signal }: TaskContext): Promise<void> {
  const { DATABASE_URL, GOTENBERG_URL } = readEnv();
  const { id, tenant } = wanted;
  const format = FORMATS[wanted.format];
  const key = `${tenant.id}/exports/${id}`;
  const store = objectStore();
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const progress: Progress & { total: number | null } = { done: 0, total: null };
  const reporting = report(sql, wanted, progress, ended);
  const upload = new Upload({ store, key, contentType: format.contentType, signal: stop });
  // What an attempt before this one left: its worker died, or its store was away.
  const cleared = abortUnfinished(store, { prefix: key, begunBefore: new Date(), signal: stop });
  cleared.catch(() => {});
  try {
    const reading = { databaseUrl: DATABASE_URL, sql, signal: stop };
    const size = await readSnapshot(wanted, reading, async (snapshot) => {
      progress.total = snapshot.total;
      // Before anything is uploaded anew: the store's clock need not agree with ours.
      await cleared;
      const surroundings = { wanted, gotenbergUrl: GOTENBERG_URL, signal: stop };
      await format.write(snapshot, upload, progress, surroundings);
      stop.throwIfAborted();
      return await upload.finish();
    });
    ended.abort();
    await reporting;
    await succeed(sql, wanted, { key, size, rows: progress.done });
    log.info({ export_id: id, rows: progress.done, bytes: size }, "made an export");
  } catch (error) {
    const cancelled = [ended.signal.reason, error].find((one) => one instanceof Cancelled);
    if (!ended.signal.aborted) ended.abort();
    await reporting;
    // Otherwise it may count already: that the database's answer was lost says nothing of what it did.
    const takenBack = upload.abort(cancelled !== undefined);
    await Promise.race([takenBack, sleep(TAKE_BACK_WITHIN_MS, undefined, { ref: false })]);
    signal.throwIfAborted();
    throw cancelled ?? error;
  }
}

/** Says every second how far it is, and ends the work when somebody cancelled it. */
async function report(
  sql: Sql,
  { tenant, id }: Wanted,
  progress: Progress & { total: number | null },
  ended: AbortController,
): Promise<void> {
  while (!ended.signal.aborted) {
    await sleep(REPORT_EVERY_MS, undefined, { signal: ended.signal }).catch(() => {});
    if (ended.signal.aborted) return;
    try {
      const [row] = await sql<{ wanted: boolean | null }[]>`
        select private.report_export(${tenant.id}, ${id}, ${progress.done}, ${progress.total}) as wanted`;
      if (row?.wanted !== true) ended.abort(new Cancelled());
    } catch {
      // The database is away: the reading notices by itself.
    }
  }
}

type Made = { readonly key: string; readonly size: number; readonly rows: number };

/** @throws Cancelled when somebody did so at the very last: it was promised to them. */
async function succeed(sql: Sql, { tenant, id }: Wanted, { key, size, rows }: Made): Promise<void> {
  await sql.begin(async (tx) => {
    const [row] = await tx<{ wanted: boolean | null }[]>`
      select private.report_export(${tenant.id}, ${id}, ${rows}, ${rows}) as wanted`;
    if (row?.wanted !== true) throw new Cancelled();
    await tx`select private.finish_export(${tenant.id}, ${id}, 'succeeded', ${key}, ${size})`;
  });
}

async function finish(
  sql: Sql,
  tenant: string,
  id: string,
  status: "cancelled" | "failed",
  reason: string | null = null,
): Promise<void> {
  await sql`
    select private.finish_export(${tenant}, ${id}, ${status}, error => ${reason})`;
}
