/** An export's file goes with its row, whoever took that away. */
import { expect, test, vi } from "vitest";
import { newTenant, owner } from "../../scripts/stack/testing.ts";
import { download, stored } from "./testing.ts";

vi.setConfig({ testTimeout: 120_000 });

test("the file of an export goes with the person who asked for it", async () => {
  const tenant = await newTenant();
  const person = await tenant.join("admin");
  const who = { token: person.token, tenant: tenant.id };
  const { made } = await download("/products", who, { format: "csv" });
  const prefix = `${tenant.id}/exports/`;
  expect((await stored(prefix)).objects).toEqual([prefix + made.id]);
  await owner()`delete from public.people where id = ${person.id}`;
  await vi.waitFor(async () => expect((await stored(prefix)).objects).toEqual([]), {
    timeout: 60_000,
    interval: 200,
  });
});
