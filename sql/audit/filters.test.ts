/**
 * A long log is read a page at a time: whatever it is filtered by, an index leads to the page, and months
 * that hold nothing of it are not looked at.
 */
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type AuditListQuery, auditListQuery } from "../../functions/_shared/contracts/audit.ts";
import { pageStatement } from "../../functions/_shared/list_page.ts";
import { auditList } from "../../functions/audit/list.ts";
import { newTenant, owner, stack, type TestTenant } from "../../scripts/stack/testing.ts";

const ENTRIES_A_MONTH = 20_000;
const MONTHS = ["2026-07", "2026-08", "2026-09"];
/** A page of 26 by an index; the whole log of the tenant has fifty times as many. */
const MOST_BLOCKS = 250;
const RECORD = "00000000-0000-4000-8000-000000000001";
const RARE_PERSON = "00000000-0000-4000-8000-000000000002";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
  for (const month of MONTHS) {
    await owner()`select private.make_audit_partition(${`${month}-01`}::date)`;
    await owner()`
      insert into audit.entries (tenant_id, id, at, actor_kind, actor_id, action, entity_type, entity_id)
      select ${tenant.id}, encode(overlay(uuid_send(private.uuid_v7()) placing
          substring(int8send((extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6), 'hex')::uuid,
        at, 'user', case when n % 2000 = 7 then ${RARE_PERSON} else md5((n % 20)::text)::uuid::text end,
        case when n % 1000 = 3 then 'refused' when n % 3 = 0 then 'create' else 'update' end,
        case when n % 1000 = 5 then 'webhook' else (array['order', 'order_item', 'customer'])[1 + n % 3] end,
        case when n % 5000 = 9 then ${RECORD} else md5((n / 8)::text)::uuid::text end
      from generate_series(1, ${ENTRIES_A_MONTH}::int) as n,
        lateral (select ${`${month}-01`}::timestamptz + n * interval '2 minutes' as at) as t`;
  }
  await owner()`analyze audit.entries`;
});

type Plan = {
  "Node Type": string;
  "Relation Name"?: string | undefined;
  "Actual Loops": number;
  Plans?: Plan[] | undefined;
};
const plan: z.ZodType<Plan> = z.lazy(() =>
  z.object({
    "Node Type": z.string(),
    "Relation Name": z.string().optional(),
    "Actual Loops": z.number(),
    Plans: z.array(plan).optional(),
  }),
);
const explained = z.tuple([
  z.object({
    Plan: plan.and(z.object({ "Shared Hit Blocks": z.number(), "Shared Read Blocks": z.number() })),
  }),
]);
const all = (node: Plan): Plan[] => [node, ...(node.Plans ?? []).flatMap(all)];

let sql: Sql;
beforeAll(async () => {
  sql = postgres(stack().database_url, { max: 1, onnotice: () => {} });
  await sql`begin`;
  await sql`
    select set_config('request.jwt.claims', ${JSON.stringify({ sub: tenant.owner.id })}, true),
      set_config('request.headers', ${JSON.stringify({ "x-tenant-id": tenant.id })}, true),
      set_config('role', 'authenticated', true)`;
});
afterAll(() => sql.end({ timeout: 1 }));

/** How the statement of GET /audit runs for an admin, past the first time, when catalogues are read. */
async function run(query: AuditListQuery) {
  const page = () => pageStatement(sql, auditList, query, null, false);
  const [shown] = await page();
  const [row] = await sql`explain (analyze, buffers, format json) ${page()}`;
  const [{ Plan: root }] = explained.parse(row?.["QUERY PLAN"]);
  const scanned = all(root).filter((node) => node["Actual Loops"] > 0);
  return {
    found: shown?.found,
    blocks: root["Shared Hit Blocks"] + root["Shared Read Blocks"],
    months: new Set(scanned.flatMap((node) => node["Relation Name"] ?? [])),
  };
}

test.each([
  ["nothing", {}, 26],
  ["a record", { entity_type: "order", entity_id: RECORD }, 6],
  ["a record's id alone", { entity_id: RECORD }, 12],
  ["a person", { actor_id: "c4ca4238-a0b9-2382-0dcc-509a6f75849b" }, 26],
  ["a person who did little", { actor_id: RARE_PERSON }, 26],
  ["an action that is rare", { action: "refused" }, 26],
  ["an action that is usual", { action: "update" }, 26],
  ["a kind of record", { entity_type: "customer" }, 26],
  ["a kind of record that is rare", { entity_type: "webhook" }, 26],
  ["a person and an action", { actor_id: RARE_PERSON, action: "update" }, 21],
  ["an end", { to: "2026-08-10T12:00:00Z" }, 26],
  ["an end, a day", { to: "2026-08-10" }, 26],
  ["a beginning", { from: "2026-09-10" }, 26],
  ["a day long ago", { from: "2026-07-10", to: "2026-07-10" }, 26],
  ["an end and a person", { to: "2026-08-10", actor_id: RARE_PERSON }, 14],
])("a page by %s", async (_what, filters, found) => {
  const ran = await run(auditListQuery.parse(filters));
  expect(ran.blocks).toBeLessThan(MOST_BLOCKS);
  expect(ran.found).toBe(found);
});

const JULY = "entries_2026_07";
const AUGUST = "entries_2026_08";
const SEPTEMBER = "entries_2026_09";

test.each([
  [{ to: "2026-08-10T12:00:00Z" }, [JULY, AUGUST]],
  [{ to: "2026-07-20" }, [JULY]],
  [{ from: "2026-08-02", to: "2026-08-20" }, [AUGUST]],
  [{ from: "2026-08-02T00:00:00Z", to: "2026-09-20T00:00:00Z" }, [AUGUST, SEPTEMBER]],
])("of %j, only months that may hold any are looked at", async (filters, months) => {
  const ran = await run(auditListQuery.parse(filters));
  // What nobody made a month for yet may be of any.
  ran.months.delete("entries_other");
  expect([...ran.months].filter((name) => name.startsWith("entries")).sort()).toEqual(months);
});
