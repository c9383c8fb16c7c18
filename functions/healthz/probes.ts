/**
 * How each part is asked. A probe answers null when the part is well, or a word on what is wrong: no
 * addresses, no messages of the part itself.
 */
import type { CheckName } from "../_shared/contracts/health.ts";
import { sql } from "../_shared/pool.ts";
import { env } from "../_shared/env.ts";
import { facts } from "./facts.ts";
import { greetsAsMailServer } from "./smtp.ts";

/** Rejects when the part cannot be reached; gives up when the signal says so. */
export type Probe = (signal: AbortSignal) => Promise<string | null | Absent>;

/** It is not there to be asked, which is no fault. */
export type Absent = { readonly absent: string };

/** A job that could have run for so long says that too few are being run. */
const QUEUE_LATE_SECONDS = 600;

const { SUPABASE_URL, REST_ADMIN_URL, WORKER_URL, GOTENBERG_URL, SMTP_URL } = env;
const STORE = env.S3_INTERNAL_ENDPOINT ?? env.S3_ENDPOINT;

/** By check; null: this installation does not have the part. */
export const probes: Readonly<Record<CheckName, Probe | null>> = {
  database: async (signal) => {
    const query = sql`select 1`;
    signal.addEventListener("abort", () => query.cancel(), { once: true });
    await query;
    return null;
  },
  auth: (signal) => answers(`${SUPABASE_URL}/auth/v1/health`, signal, isOk),
  rest: optional(REST_ADMIN_URL, "/ready") ?? restByItself,
  // Any answer but a failure: what is asked is whether somebody is there.
  storage: STORE === undefined ? null : (signal) => answers(STORE, signal, isUp),
  functions: (signal) => answers(`${SUPABASE_URL}/functions/v1/livez`, signal, isOk),
  worker: optional(WORKER_URL, "/livez"),
  queue: async () => {
    const { queue_seconds } = await facts();
    if (queue_seconds <= QUEUE_LATE_SECONDS) return null;
    return `the oldest job has waited ${Math.round(queue_seconds / 60)} minutes`;
  },
  backups: async () => {
    const { backup_state, backup_late, backups_damaged } = await facts();
    if (backup_state === null) return { absent: "none was made yet" };
    if (backups_damaged > 0) return "one that is kept is damaged";
    if (backup_state !== "proven") return "the latest one failed";
    return backup_late ? "none was proven for 36 hours" : null;
  },
  pdf: optional(GOTENBERG_URL, "/health"),
  mail: SMTP_URL === undefined ? null : (signal) => greetsAsMailServer(SMTP_URL, signal),
};

/** Refused for want of rights by PostgREST itself, after it has asked the database. */
function restByItself(signal: AbortSignal): Promise<string | null> {
  return answers(`${SUPABASE_URL}/rest/v1/currencies?select=code&limit=1`, signal, isUp);
}

function optional(origin: string | undefined, path: string): Probe | null {
  if (origin === undefined) return null;
  const url = origin.replace(/\/+$/, "") + path;
  return (signal) => answers(url, signal, isOk);
}

const isOk = (status: number) => status >= 200 && status < 300;
const isUp = (status: number) => status < 500 && status !== 404;

async function answers(
  url: string,
  signal: AbortSignal,
  well: (status: number) => boolean,
): Promise<string | null> {
  const response = await fetch(url, {
    headers: url.startsWith(SUPABASE_URL) ? { apikey: env.SUPABASE_ANON_KEY } : {},
    redirect: "manual",
    signal,
  });
  await response.body?.cancel();
  return well(response.status) ? null : `answers ${response.status}`;
}
