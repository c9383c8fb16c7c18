/** Orders. Every rule is the database's; here is only what HTTP adds. */
import {
  order,
  orderBulk,
  orderBulkResults,
  orderCreate,
  orderFigures,
  orderList as orderListAnswer,
  orderListQuery,
  orderUpdate,
} from "../_shared/contracts/orders.ts";
import { orderExport } from "../_shared/contracts/exports.ts";
import { okText } from "../_shared/replies.ts";
import { created, documentOf } from "../_shared/resource.ts";
import { resourceRoutes } from "../_shared/resource_routes.ts";
import { type Route, route } from "../_shared/route.ts";
import { exportRoute } from "../exports/request.ts";
import { orderList } from "./list.ts";
import { orderPdf } from "./pdf.ts";
import { sendOrder } from "./send.ts";

const tag = "Orders";

export const routes: Route[] = [
  // Before `/orders/:id`: the first pattern that fits wins.
  route({
    method: "POST",
    path: "/orders/bulk",
    access: "member",
    tag,
    summary: "Change the status of many orders",
    description:
      "Every order has its own outcome: one that cannot follow does not stop the others.",
    body: orderBulk,
    answers: { 200: { description: "The outcomes", schema: orderBulkResults } },
    handle: ({ db, body: { ids, set } }) =>
      db.answer<{ json: string }>(
        (sql) => sql`select public.set_order_status(${ids}::uuid[], ${set.status})::text as json`,
        ([row]) => okText(`{"results":${row?.json ?? "[]"}}`),
      ),
  }),
  route({
    method: "GET",
    path: "/orders/figures",
    access: "viewer",
    tag,
    summary: "What the orders come to, per currency",
    answers: { 200: { description: "This month, the one before, and open", schema: orderFigures } },
    async handle({ db }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select public.order_figures()::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),
  exportRoute("orders", tag, orderExport),
  ...resourceRoutes({
    collection: "orders",
    one: "an order",
    tag,
    list: orderList,
    contracts: {
      item: order,
      list: orderListAnswer,
      listQuery: orderListQuery,
      create: orderCreate,
      update: orderUpdate,
    },
    calls: {
      create: (sql, body) => sql`public.create_order(${body})`,
      update: (sql, id, patch, expected) => sql`public.update_order(${id}, ${patch}, ${expected})`,
      trash: (sql, id, expected) => sql`public.trash_order(${id}, ${expected})`,
      restore: (sql, id, expected) => sql`public.restore_order(${id}, ${expected})`,
    },
  }),
  route({
    method: "POST",
    path: "/orders/:id/duplicate",
    access: "member",
    tag,
    summary: "Place the same order again",
    answers: { 201: { description: "The new order", schema: order } },
    handle: (context) =>
      context.db.answer(
        (sql) => documentOf(sql, sql`public.duplicate_order(${context.params.id}::uuid)`),
        (rows) => created(context, "/orders", rows),
      ),
  }),
  sendOrder,
  orderPdf,
];
