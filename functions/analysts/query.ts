/** The SQL box: what there is to read, and one statement at a time that reads it. */
import { z } from "zod";
import * as contract from "../_shared/contracts/analysts.ts";
import { problem } from "../_shared/contracts/common.ts";
import { ok, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { runInBox } from "./sql_box.ts";

const tag = "Analysts";
const opened = z.object({ role_name: z.string(), password: z.string() });

export const queryRoutes: Route[] = [
  route({
    method: "GET",
    path: "/analysts/schema",
    access: "admin",
    tag,
    summary: "What analysts can read",
    answers: { 200: { description: "The views.", schema: contract.analyticsSchema } },
    async handle({ db }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select json_build_object('data', public.analytics_schema())::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "POST",
    path: "/analysts/query",
    access: "admin",
    tag,
    summary: "Run a statement",
    description:
      "As an analyst of the tenant, for 30 seconds at most, one at a time for each person. Whoever closes the " +
      "request stops the statement. It is logged, as every analyst's are.",
    body: contract.sqlQuery,
    answers: {
      200: { description: "Its rows.", schema: contract.sqlResult },
      409: {
        description: "Another one is running",
        schema: problem,
        contentType: "application/problem+json",
      },
    },
    async handle({ db, body, request }) {
      const [row] = await db.asFunctions<{ login: unknown }>((sql) =>
        sql`select private.open_sql_box(${body.sql}) as login`
      );
      return ok(await runInBox(opened.parse(row?.login), body, request.signal));
    },
  }),

  route({
    method: "GET",
    path: "/analysts/explain",
    access: "admin",
    tag,
    summary: "Why somebody sees a record, or does not",
    query: contract.accessQuery,
    answers: {
      200: { description: "What each rule says.", schema: contract.accessExplained },
    },
    async handle({ db, query }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select public.explain_access(${query.user_id}, ${query.table}, ${query.id})::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),
];
