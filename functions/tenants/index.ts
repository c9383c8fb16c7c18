/** Tenants: the businesses a person belongs to. */
import { z } from "zod";
import { uuid } from "../_shared/contracts/common.ts";
import * as contract from "../_shared/contracts/tenancy.ts";
import type { Fragment, IfMatch, Reply, Sql } from "../_shared/context.ts";
import { notFound } from "../_shared/errors.ts";
import { conditional, versionTag } from "../_shared/etag.ts";
import { noContent, okText } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";

const tag = "Tenants";
const params = z.object({ id: uuid() });

/** A tenant's document, and what its entity tag and address need. */
type Row = { json: string; id: string; version: number };

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/tenants",
    access: "caller",
    tag,
    summary: "The tenants you belong to",
    answers: { 200: { description: "Every one, by name.", schema: contract.tenantList } },
    async handle({ db }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select json_build_object('data', public.my_tenants())::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "POST",
    path: "/tenants",
    access: "caller",
    tag,
    summary: "Make a tenant and become its owner",
    body: contract.newTenant,
    answers: { 201: { description: "Made.", schema: contract.tenant } },
    handle: ({ db, body, prefix }) =>
      db.answer<Row>(
        (sql) =>
          sql`
            select made::text as json, made ->> 'id' as id, (made ->> 'version')::int as version
            from public.create_tenant(${sql.json(body)}) as made`,
        ([row]) => tenantReply(row, 201, prefix),
      ),
  }),

  route({
    method: "GET",
    path: "/tenants/:id",
    access: "caller",
    tag,
    params,
    summary: "One tenant you belong to",
    answers: { 200: { description: "The tenant.", schema: contract.tenant } },
    async handle({ db, params, request }) {
      const [row] = await db.rows<Row>((sql) =>
        sql`
          select mine::text as json, mine ->> 'id' as id, (mine ->> 'version')::int as version
          from json_array_elements(public.my_tenants()) as mine
          where (mine ->> 'id')::uuid = ${params.id}`
      );
      if (!row) throw notFound("There is no such tenant.");
      return conditional(request, okText(row.json), versionTag(row.version));
    },
  }),

  route({
    method: "PATCH",
    path: "/tenants/:id",
    access: "caller",
    tag,
    params,
    summary: "Change a tenant's settings",
    description: "Admins and owners.",
    body: contract.tenantPatch,
    ifMatch: true,
    answers: { 200: { description: "As it is now.", schema: contract.tenant } },
    handle: ({ db, params, body, ifMatch }) =>
      db.answer<Row>(
        (sql) =>
          sql`
            select changed::text as json, changed ->> 'id' as id,
                   (changed ->> 'version')::int as version
            from public.update_tenant(
              ${params.id}, ${sql.json(body)}, ${
            expectedVersion(sql, ifMatch, params.id)
          }) as changed`,
        ([row]) => tenantReply(row, 200),
      ),
  }),

  route({
    method: "DELETE",
    path: "/tenants/:id",
    access: "caller",
    tag,
    params,
    summary: "Delete a tenant",
    description: "Owners only. It is out of everybody's sight at once.",
    ifMatch: true,
    answers: { 204: { description: "Deleted." } },
    handle: ({ db, params, ifMatch }) =>
      db.answer(
        (sql) =>
          sql`
            select private.matches_version(
              (select (mine ->> 'version')::int
                from json_array_elements(public.my_tenants()) as mine
                where (mine ->> 'id')::uuid = ${params.id}),
              ${expectedVersion(sql, ifMatch, params.id)}),
              public.delete_tenant(${params.id})`,
        noContent,
      ),
  }),
];

function tenantReply(row: Row | undefined, status: number, prefix?: string): Reply {
  if (!row) throw notFound("There is no such tenant.");
  return {
    ...okText(row.json, status),
    headers: {
      etag: versionTag(row.version),
      ...(prefix === undefined ? {} : { location: `${prefix}/tenants/${row.id}` }),
    },
  };
}

/**
 * The version that a change is based on, as an argument for the database; null for any. Of several
 * the present one if it is among them; a header that names none asks for a version that never is.
 */
function expectedVersion(sql: Sql, ifMatch: IfMatch, id: string): Fragment {
  if (ifMatch === "any") return sql`null::int`;
  const [first = 0, ...others] = ifMatch.versions;
  if (others.length === 0) return sql`${first}::int`;
  return sql`coalesce((
    select (mine ->> 'version')::int
    from json_array_elements(public.my_tenants()) as mine
    where (mine ->> 'id')::uuid = ${id}
      and (mine ->> 'version')::int = any(${[first, ...others]}::int[])), ${first}::int)`;
}
