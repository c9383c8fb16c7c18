/** The verbs that customers, products and orders share: list, create, get, change, trash, restore. */
import type { z } from "zod";
import type { Context, Fragment, Reply, Role, Sql } from "./context.ts";
import { listReply } from "./list.ts";
import type { ListDefinition, ListQuery } from "./list_definition.ts";
import { timeline } from "./contracts/timeline.ts";
import { noContent, okText } from "./replies.ts";
import {
  changed,
  created,
  documentById,
  documentOf,
  type DocumentRow,
  expectedVersion,
  payload,
  shown,
} from "./resource.ts";
import { type Route, route } from "./route.ts";

/** What tells one resource from another. */
export type Resource<Q extends ListQuery> = {
  /** As in the path. */
  readonly collection: "customers" | "products" | "orders";
  /** With its article: "a customer". */
  readonly one: string;
  readonly tag: string;
  readonly list: ListDefinition<Q>;
  readonly contracts: {
    readonly item: z.ZodType;
    readonly list: z.ZodType;
    readonly listQuery: z.ZodType<Q>;
    readonly create: z.ZodType;
    readonly update: z.ZodType;
  };
  /** The database's functions, each giving the resource's JSON. */
  readonly calls: {
    create(sql: Sql, body: Fragment): Fragment;
    update(sql: Sql, id: Fragment, patch: Fragment, expectedVersion: Fragment): Fragment;
    trash(sql: Sql, id: Fragment, expectedVersion: Fragment): Fragment;
    restore(sql: Sql, id: Fragment, expectedVersion: Fragment): Fragment;
  };
};

/** The routes of a resource at `/<collection>` and `/<collection>/:id`. */
export function resourceRoutes<Q extends ListQuery>(resource: Resource<Q>): Route[] {
  const { collection, one, tag, list, contracts, calls } = resource;
  const item = { description: `The ${one.replace(/^an? /, "")}`, schema: contracts.item };
  return [
    route({
      method: "GET",
      path: `/${collection}`,
      access: "viewer",
      tag,
      summary: `List ${collection}`,
      query: contracts.listQuery,
      answers: { 200: { description: `A page of ${collection}`, schema: contracts.list } },
      handle: (context) => listReply(list, context),
    }),
    route({
      method: "POST",
      path: `/${collection}`,
      access: "member",
      tag,
      summary: `Create ${one}`,
      body: contracts.create,
      answers: { 201: item },
      handle: (context) =>
        context.db.answer(
          (sql) => documentOf(sql, calls.create(sql, payload(sql, context.body))),
          (rows) => created(context, `/${collection}`, rows),
        ),
    }),
    route({
      method: "GET",
      path: `/${collection}/:id`,
      access: "viewer",
      tag,
      summary: `Get ${one}`,
      description: "One in the trash as well: its deleted_at says so.",
      answers: { 200: item },
      handle: async ({ db, params, request }) =>
        shown(request, await db.rows((sql) => documentById(sql, list.view(sql), params.id))),
    }),
    route({
      method: "PATCH",
      path: `/${collection}/:id`,
      access: "member",
      tag,
      summary: `Change ${one}`,
      description: "What is left out stays as it is.",
      body: contracts.update,
      ifMatch: true,
      answers: { 200: item },
      handle: (context) =>
        guarded(
          context,
          list.view,
          (sql, id, expected) => calls.update(sql, id, payload(sql, context.body), expected),
          changed,
        ),
    }),
    route({
      method: "DELETE",
      path: `/${collection}/:id`,
      access: "member",
      tag,
      summary: `Move ${one} to the trash`,
      ifMatch: true,
      answers: { 204: { description: "It is in the trash" } },
      handle: (context) => guarded(context, list.view, calls.trash, noContent),
    }),
    route({
      method: "POST",
      path: `/${collection}/:id/restore`,
      access: "member",
      tag,
      summary: `Bring ${one} back from the trash`,
      ifMatch: true,
      answers: { 200: item },
      handle: (context) => guarded(context, list.view, calls.restore, changed),
    }),
    route({
      method: "GET",
      path: `/${collection}/:id/timeline`,
      access: "viewer",
      tag,
      summary: `What happened to ${one}`,
      description:
        "With what belongs to it: files, mails, documents; to admins webhook deliveries, too. Newest first.",
      answers: { 200: { description: "The events", schema: timeline } },
      handle: async ({ db, params }) => {
        const [row] = await db.rows<{ json: string }>((sql) =>
          sql`select public.record_timeline(${
            collection.slice(0, -1)
          }, ${params.id}::uuid)::text as json`
        );
        return okText(`{"data":${row?.json ?? "[]"}}`);
      },
    }),
  ];
}

/** A write to one resource that honours `If-Match`. */
function guarded(
  context: Context<Role, { readonly id: string }>,
  view: (sql: Sql) => Fragment,
  call: (sql: Sql, id: Fragment, expectedVersion: Fragment) => Fragment,
  reply: (rows: readonly DocumentRow[]) => Reply,
): Promise<Reply> {
  const { id } = context.params;
  return context.db.answer(
    (sql) =>
      documentOf(sql, call(sql, sql`${id}::uuid`, expectedVersion(sql, context, view(sql), id))),
    reply,
  );
}
