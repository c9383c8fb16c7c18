/** An order of three pages as PDF: the first one, for which Chromium starts, and those after it. */
import type { Client } from "./client.ts";
import { median } from "./measure.ts";
import { note, type Result } from "./report.ts";

const ROUNDS = 7;

/** Fills three pages of the confirmation. */
const ORDER = {
  notes: "bench",
  items: Array.from({ length: 40 }, (_, n) => ({
    sku: `BENCH-${n + 1}`,
    name: `Item ${n + 1}`,
    quantity: n + 1.5,
    unit_price: 9.25 + n,
    tax_rate: n % 2 ? 19 : 7,
  })),
};

async function fetched(client: Client, path: string): Promise<{ seconds: number; text: string }> {
  const began = performance.now();
  const response = await fetch(`${client.origin}${path}`, { headers: client.headers });
  const text = Buffer.from(await response.arrayBuffer()).toString("latin1");
  if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text}`);
  return { seconds: (performance.now() - began) / 1000, text };
}

/**
 * Needs a stack in which nothing was printed yet.
 * @throws Error when an order is not placed or not printed.
 */
export async function benchDocuments(client: Client): Promise<Result[]> {
  const { status, body } = await client.post("/orders", ORDER);
  if (status !== 201 || typeof body !== "object" || body === null || !("id" in body)) {
    throw new Error(`POST /orders: ${status}`);
  }
  const path = `/orders/${body.id}/pdf`;
  const first = await fetched(client, path);
  const pages = first.text.match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  const warm: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    warm.push((await fetched(client, path)).seconds);
  }
  const began = performance.now();
  await Promise.all(Array.from({ length: 8 }, () => fetched(client, path)));
  const eight = (performance.now() - began) / 1000;
  return [
    note(`an order of ${pages} pages as PDF, cold`, `${first.seconds.toFixed(2)} s`),
    note("the same, warm", `${median(warm).toFixed(2)} s`),
    note("eight of it at once", `${eight.toFixed(2)} s`),
  ];
}
