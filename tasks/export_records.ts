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
import { readSnapshot, type Snapshot } from "./exports/snapshot.ts";
import { abortUnfinished, Upload } from "./exports/upload.ts";
import { type Wanted, wanted } from "./exports/wanted.ts";
import { xlsx } from "./exports/xlsx.ts";
import { objectStore } from "./s3.ts";
import { defineTask, type TaskContext } from "./task.ts";

const FORMATS: Readonly<Record<Wanted["format"], Format>> = { csv, xlsx, pdf };
const REPORT_EVERY_MS = 1_000;
/** Nobody who waited longer sits at the screen any more. */
const MAIL_AFTER_MS = 30_000;

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
      if (!forGood && job.attempts < job.max_attempts) throw new Error(reason, { cause: error });
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
  // What an attempt before this one left: its worker died.
  await abortUnfinished(store, key, new Date());

  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const progress: Progress & { total: number | null } = { done: 0, total: null };
  const reporting = report(sql, wanted, progress, ended);
  const upload = new Upload({ store, key, contentType: format.contentType, signal: stop });
  try {
    const reading = { databaseUrl: DATABASE_URL, sql, signal: stop };
    const { requester, size } = await readSnapshot(wanted, reading, async (snapshot: Snapshot) => {
      progress.total = snapshot.total;
      const surroundings = { wanted, gotenbergUrl: GOTENBERG_URL, signal: stop };
      await format.write(snapshot, upload, progress, surroundings);
      stop.throwIfAborted();
      return { requester: snapshot.requester, size: await upload.finish() };
    });
    ended.abort();
    await reporting;
    await succeed(sql, wanted, { key, size, rows: progress.done, requester });
    log.info({ export_id: id, rows: progress.done, bytes: size }, "made an export");
  } catch (error) {
    const reason: unknown = stop.aborted ? stop.reason : error;
    if (!ended.signal.aborted) ended.abort();
    await reporting;
    await upload.abort();
    throw reason;
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

type Made = {
  key: string;
  size: number;
  rows: number;
  requester: Snapshot["requester"];
};

async function succeed(
  sql: Sql,
  { tenant, id }: Wanted,
  { key, size, rows, requester }: Made,
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select private.report_export(${tenant.id}, ${id}, ${rows}, ${rows})`;
    await tx`select private.finish_export(${tenant.id}, ${id}, 'succeeded', ${key}, ${size})`;
    if (Date.now() - requester.askedAt.getTime() <= MAIL_AFTER_MS) return;
    await tx
      .savepoint(
        (mail) =>
          mail`select private.enqueue_email(
          ${tenant.id}, 'export_ready', ${requester.email}, ${mail.json({ export_id: id })})`,
      )
      // Too many mails within the hour: the file is there all the same.
      .catch(() => {});
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
