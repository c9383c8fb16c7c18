import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiUrl, portalUrl, stack } from "../../scripts/stack/testing.ts";
import { type Household, household, type Role } from "./cast.ts";
import type { Door, Verb, Visitor } from "./door.ts";
import { functionsDoor, portalDoor, restDoor } from "./http_doors.ts";
import { sqlDoor } from "./sql_door.ts";

const reads: Verb[] = ["read", "list", "search"];
const writes: Verb[] = ["create", "use customer", "change", "add item", "trash"];

/** Who may what with the records of their own tenant. With another's, nobody may anything. */
const rights: [role: Role, verbs: Verb[]][] = [
  ["owner", [...reads, ...writes]],
  ["admin", [...reads, ...writes]],
  ["member", [...reads, ...writes]],
  ["viewer", reads],
  ["analyst", reads],
  ["stranger", []],
];

const doors: [name: string, door: () => Door][] = [
  ["portal", () => portalDoor(portalUrl())],
  ["functions", () => functionsDoor(apiUrl())],
  ["rest", () => restDoor(apiUrl(), stack().anon_key)],
  ["sql", () => sqlDoor],
];

let ours: Household;
let theirs: Household;

beforeAll(async () => {
  ours = await household("Ours");
  theirs = await household("Theirs");
});
afterAll(async () => {
  await ours.visitors.analyst.sql?.end();
  await theirs.visitors.analyst.sql?.end();
});

/** What a visitor got done of all verbs, each tried on a fresh target of the household. */
async function gotDone(door: Door, visitor: Visitor, whose: Household): Promise<Verb[]> {
  const done: Verb[] = [];
  for (const verb of [...reads, ...writes]) {
    const outcome = await door.attempt(visitor, verb, await whose.target());
    if (outcome === "done") done.push(verb);
  }
  return done;
}

describe.each(doors)("through the %s door", (name, makeDoor) => {
  const cases = rights.filter(([role]) => name !== "sql" || role === "analyst");

  it.each(cases)("%s of a tenant may with its records exactly: %j", async (role, verbs) => {
    expect(await gotDone(makeDoor(), ours.visitors[role], ours)).toEqual(verbs);
  });

  it.each(cases)("%s may nothing with another tenant's records", async (role) => {
    const door = makeDoor();
    const visitor = ours.visitors[role];
    const done: Verb[] = [];
    const target = await theirs.target();
    const untouched = await theirs.digest();
    for (const verb of [...reads, ...writes]) {
      // In one's own tenant everybody who writes may place an order: that is not another's record.
      if (verb === "create" && (name === "portal" || name === "functions")) continue;
      if ((await door.attempt(visitor, verb, target)) === "done") done.push(verb);
    }
    expect(done).toEqual([]);
    expect(await theirs.digest()).toBe(untouched);
  });

  it.each(cases)("%s gains nothing by naming another tenant", async (role) => {
    const door = makeDoor();
    const target = await theirs.target();
    const untouched = await theirs.digest();
    const visitor = { ...ours.visitors[role], tenant: theirs.id };
    for (const verb of [...reads, ...writes]) {
      expect([verb, await door.attempt(visitor, verb, target)]).not.toEqual([verb, "done"]);
    }
    expect(await theirs.digest()).toBe(untouched);
  });
});
