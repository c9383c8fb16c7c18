/** The active tenant's jobs, for its admins: what is waiting, what failed and why. */
import { z } from "zod";
import * as contract from "../_shared/contracts/jobs.ts";
import { type Listed, newestFirst, startAfter } from "../_shared/newest_first.ts";
import { noContent } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";

const tag = "Jobs";
const params = z.object({ id: contract.jobId });

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/jobs",
    access: "admin",
    tag,
    summary: "The jobs that are not done",
    description: "Newest first. What is done is not here any more.",
    query: contract.jobListQuery,
    answers: { 200: { description: "A page of jobs", schema: contract.jobList } },
    async handle({ db, query }) {
      const { limit, cursor, state = null } = query;
      const binding = JSON.stringify(["jobs", state]);
      const before = startAfter(cursor, binding);
      const [row] = await db.rows<{ listed: Listed }>((sql) =>
        sql`select public.list_jobs(${state}, ${limit}, ${before}::bigint) as listed`
      );
      return newestFirst(row?.listed ?? { count: 0, data: [] }, limit, binding);
    },
  }),

  route({
    method: "POST",
    path: "/jobs/:id/retry",
    access: "admin",
    tag,
    params,
    summary: "Run a waiting or failed job now",
    description: "With new attempts. One that is running is a conflict.",
    answers: { 204: { description: "It is in the queue again." } },
    handle: ({ db, params }) =>
      db.answer((sql) => sql`select public.retry_job(${params.id}::bigint)`, noContent),
  }),

  route({
    method: "POST",
    path: "/jobs/:id/cancel",
    access: "admin",
    tag,
    params,
    summary: "Take a job out of the queue",
    description: "One that is running is a conflict.",
    answers: { 204: { description: "It is gone." } },
    handle: ({ db, params }) =>
      db.answer((sql) => sql`select public.cancel_job(${params.id}::bigint)`, noContent),
  }),
];
