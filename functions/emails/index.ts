/** The log of the mails sent for the active tenant, for its admins. */
import * as contract from "../_shared/contracts/jobs.ts";
import { type Listed, newestFirst, startAfter } from "../_shared/newest_first.ts";
import { type Route, route } from "../_shared/route.ts";

const binding = "emails";

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/emails",
    access: "admin",
    tag: "Jobs",
    summary: "The mails that were sent",
    description: "Newest first: to whom, in which state, and what the mail server said.",
    query: contract.emailListQuery,
    answers: { 200: { description: "A page of mails", schema: contract.emailList } },
    async handle({ db, query: { limit, cursor } }) {
      const before = startAfter(cursor, binding);
      const [row] = await db.rows<{ listed: Listed }>((sql) =>
        sql`select public.list_emails(${limit}, ${before}::uuid) as listed`
      );
      return newestFirst(row?.listed ?? { count: 0, data: [] }, limit, binding);
    },
  }),
];
