/** How the whole installation is, for those who operate it. The database says who they are. */
import { workerAlive } from "../_shared/contracts/health.ts";
import { system } from "../_shared/contracts/system.ts";
import { env } from "../_shared/env.ts";
import { ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";

const WORKER_ANSWERS_WITHIN_MS = 1_000;

type Reported = Record<string, unknown> & { readonly versions: Record<string, unknown> };

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/system",
    access: "caller",
    tag: "Health",
    summary: "Versions, queue, slow queries, storage and backups",
    description:
      "Of the whole installation, across its tenants: for the people in `private.operators`. To everybody else 403.",
    answers: { 200: { description: "How it is now.", schema: system } },
    async handle({ db }) {
      const [[row], node] = await Promise.all([
        db.rows<{ report: Reported }>((sql) => sql`select public.system_report() as report`),
        nodeOfWorker(),
      ]);
      if (row === undefined) throw new Error("the database reported nothing");
      const versions = {
        ...row.report.versions,
        kontor: env.KONTOR_VERSION,
        deno: Deno.version.deno,
        node,
      };
      return ok({ ...row.report, versions });
    },
  }),
];

/** Null while the worker does not answer. */
async function nodeOfWorker(): Promise<string | null> {
  if (env.WORKER_URL === undefined) return null;
  try {
    const response = await fetch(`${env.WORKER_URL.replace(/\/+$/, "")}/livez`, {
      signal: AbortSignal.timeout(WORKER_ANSWERS_WITHIN_MS),
    });
    return workerAlive.parse(await response.json()).node;
  } catch {
    return null;
  }
}
