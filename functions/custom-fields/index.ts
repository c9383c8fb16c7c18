/** Custom fields: defined by admins, read by everybody who fills a form. */
import * as contract from "../_shared/contracts/custom_fields.ts";
import { noContent, okText } from "../_shared/replies.ts";
import { payload } from "../_shared/resource.ts";
import { type Route, route } from "../_shared/route.ts";

const tag = "Custom fields";

type Row = { json: string };

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/custom-fields",
    access: "viewer",
    tag,
    summary: "The custom fields",
    description:
      "Of one entity or of all, in the order of forms. Until an entity has one, its custom object is " +
      "free-form; from then on it holds these fields and no others.",
    query: contract.customFieldQuery,
    answers: { 200: { description: "Every one", schema: contract.customFieldList } },
    async handle({ db, query: { entity = null } }) {
      const [row] = await db.rows<{ json: string }>((sql) =>
        sql`select json_build_object('data', public.list_custom_fields(${entity}))::text as json`
      );
      return okText(row?.json ?? "");
    },
  }),

  route({
    method: "POST",
    path: "/custom-fields",
    access: "admin",
    tag,
    summary: "Add a custom field",
    description:
      "Records that are there already are held against it when their custom object changes.",
    body: contract.newCustomField,
    answers: { 201: { description: "The field", schema: contract.customField } },
    handle: ({ db, body }) =>
      db.answer<Row>(
        (sql) =>
          sql`
            select public.create_custom_field(${payload(sql, body)})::text as json`,
        ([row]) => okText(row?.json ?? "", 201),
      ),
  }),

  route({
    method: "PATCH",
    path: "/custom-fields/:id",
    access: "admin",
    tag,
    summary: "Change a custom field",
    description: "What it is called, asks for and offers; its key and its type stay.",
    body: contract.customFieldPatch,
    answers: { 200: { description: "As it is now", schema: contract.customField } },
    handle: ({ db, params, body }) =>
      db.answer<Row>(
        (sql) =>
          sql`
            select public.update_custom_field(${params.id}::uuid, ${
            payload(sql, body)
          })::text as json`,
        ([row]) => okText(row?.json ?? ""),
      ),
  }),

  route({
    method: "DELETE",
    path: "/custom-fields/:id",
    access: "admin",
    tag,
    summary: "Remove a custom field",
    description: "Records keep what they hold in it until their custom object changes.",
    answers: { 204: { description: "It is gone" } },
    handle: ({ db, params }) =>
      db.answer((sql) => sql`select public.delete_custom_field(${params.id}::uuid)`, noContent),
  }),
];
