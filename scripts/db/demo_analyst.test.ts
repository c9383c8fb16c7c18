import postgres from "postgres";
import { expect, it } from "vitest";
import { stack } from "../stack/testing.ts";
import { demoAnalyst } from "./demo_analyst.ts";

it("opens the demo tenant to an analyst, the same one each time", async () => {
  const names = new Set<string>();
  for (let time = 0; time < 2; time += 1) {
    const sql = postgres(await demoAnalyst(stack().database_url), { max: 1, onnotice: () => {} });
    const [row] = await sql<{ who: string; orders: number }[]>`
      select session_user as who, (select count(*)::int from orders) as orders`;
    expect(row?.orders).toBeGreaterThan(1000);
    names.add(row?.who ?? "");
    await sql.end();
  }
  expect(names.size).toBe(1);
});
