import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { newTenant } from "../../scripts/stack/testing.ts";
import { problem } from "../_shared/contracts/common.ts";
import { DEAD, spawnFunctions, tokenOf } from "../_shared/spawn_functions.ts";
import { placeOrder } from "../_shared/testing.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

/** Takes connections and says nothing. */
async function silentServer(): Promise<string> {
  const server = createServer((socket) => void undo.push(() => socket.destroy()));
  await once(server.listen(0, "127.0.0.1"), "listening");
  undo.push(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

test.each([
  ["away", () => DEAD],
  ["silent", silentServer],
  ["not in this installation", () => ""],
])("a printer that is %s: 503, and when to come again", async (_, address) => {
  const tenant = await newTenant();
  const order = await placeOrder(tenant);
  const functions = await spawnFunctions({ GOTENBERG_URL: await address() });
  undo.push(functions.stop);
  const token = await tokenOf(tenant.owner.id);
  const answer = await fetch(`${functions.url}/orders/${order.id}/pdf`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(25_000),
  });
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  const { code, detail } = problem.parse(await answer.json());
  expect(code).toBe("unavailable");
  expect(detail).not.toMatch(/127\.0|ECONN|Error/);
});
