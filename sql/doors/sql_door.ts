import postgres, { type Sql } from "postgres";
import type { Door, Outcome, Target, Verb } from "./door.ts";

const REFUSED = ["42501", "25006", "3F000"];

async function outcome(rows: Promise<readonly unknown[]>): Promise<Outcome> {
  try {
    return (await rows).length > 0 ? "done" : "nothing";
  } catch (error) {
    if (error instanceof postgres.PostgresError && REFUSED.includes(error.code)) return "refused";
    throw error;
  }
}

/**
 * Postgres itself, with an analyst's login. An analyst is curious: every session first pretends, by
 * settings, to be somebody else, and asks to write.
 */
export const sqlDoor: Door = {
  name: "sql",
  attempt(visitor, verb, target) {
    if (visitor.sql === null) return null;
    return outcome(attempt(visitor.sql, verb, target));
  },
};

function attempt(sql: Sql, verb: Verb, target: Target): Promise<readonly unknown[]> {
  return sql.begin("read write", async (transaction) => {
    await transaction`
      select set_config('request.jwt.claims', ${JSON.stringify({ sub: target.tenant, role: "service_role" })}, true),
        set_config('request.headers', ${JSON.stringify({ "x-tenant-id": target.tenant })}, true),
        set_config('row_security', 'on', true)`;
    switch (verb) {
      case "read":
        return await transaction`select id from public.orders where id = ${target.order}`;
      case "list":
        return await transaction`select id from analytics.orders where id = ${target.order}`;
      case "search":
        return await transaction`select id from analytics.orders where number = ${target.number} and id = ${target.order}`;
      case "create":
        return await transaction`insert into public.orders (tenant_id) values (${target.tenant}) returning id`;
      case "use customer":
        return await transaction`insert into public.orders (customer_id) values (${target.customer}) returning id`;
      case "change":
        return await transaction`update public.orders set notes = 'Mine' where id = ${target.order} returning id`;
      case "add item":
        return await transaction`
          insert into public.order_items (order_id, name, quantity, unit_price)
          values (${target.order}, 'Slipped in', 1, 1) returning id`;
      case "trash":
        return await transaction`select public.trash_order(${target.order})`;
    }
  });
}
