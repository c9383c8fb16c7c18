/** Limits of a process of its own, with small quotas. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signUp } from "../../scripts/stack/testing.ts";
import { type OwnFunctions, spawnFunctions, tokenOf } from "./spawn_functions.ts";

let functions: OwnFunctions;
beforeAll(async () => {
  functions = await spawnFunctions({
    RATE_LIMIT_PER_MINUTE: "5",
    RATE_LIMIT_ADDRESS_PER_MINUTE: "3",
  });
});
afterAll(() => functions.stop());

async function ask(token: string, address = "203.0.113.1", path = "/tenants") {
  const response = await fetch(functions.url + path, {
    headers: { authorization: `Bearer ${token}`, "x-forwarded-for": address },
  });
  await response.body?.cancel();
  return response;
}

describe("the limit of requests", () => {
  it("is each person's own, and says what is left of it", async () => {
    const [one, two] = await Promise.all([signUp(), signUp()]);
    const [first, second] = await Promise.all([tokenOf(one.id), tokenOf(two.id)]);
    const left: (string | null)[] = [];
    for (let count = 0; count < 5; count++) {
      const answer = await ask(first);
      expect(answer.headers.get("ratelimit-policy")).toBe('"caller";q=5;w=60');
      left.push(/r=(\d+)/.exec(answer.headers.get("ratelimit") ?? "")?.[1] ?? null);
    }
    expect(left).toEqual(["4", "3", "2", "1", "0"]);
    const refused = await ask(first);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.headers.get("ratelimit")).toMatch(/^"caller";r=0;t=\d+$/);
    expect((await ask(second)).status).not.toBe(429);
  });

  it("meets an address that guesses keys and tokens, not its neighbours", async () => {
    const guess = (n: number, address: string) =>
      ask(`kontor_${String(n).padStart(10, "0")}_${"0".repeat(64)}`, address);
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await guess(n, "203.0.113.2")).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await guess(9, "203.0.113.3")).status).toBe(401);
    const somebody = await tokenOf((await signUp()).id);
    expect((await ask(somebody, "203.0.113.2")).status).not.toBe(429);
  });

  it("leaves health checks alone", async () => {
    for (let count = 0; count < 8; count++) {
      const response = await fetch(`${functions.url}/livez`, {
        headers: { "x-forwarded-for": "203.0.113.4" },
      });
      await response.body?.cancel();
      expect(response.status).toBe(200);
    }
  });
});
