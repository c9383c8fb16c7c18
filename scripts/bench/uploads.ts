/** A large file on its way from a browser into the object store, past everything of ours. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Client } from "./client.ts";
import { atMost, holds, note, type Result } from "./report.ts";

export const UPLOAD_BYTES = 200 * 1024 * 1024;

const placed = z.object({ id: z.string() });
const presigned = z.object({
  attachment_id: z.string(),
  url: z.url(),
  headers: z.record(z.string(), z.string()),
});

/** A second of processor time has so many ticks on Linux. */
const TICKS = 100;

/** Seconds of processor time that processes took so far. */
function processorTime(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS;
}

type Surroundings = {
  readonly client: Client;
  /** Where objects lie, as a browser sees it. */
  readonly store: string;
  /** The processes of functions, worker and portal. */
  readonly pids: readonly number[];
};

/**
 * Announces, sends and completes a file of 200 MB for a new order. The stack must allow that size.
 * @throws Error when one of the three is refused.
 */
export async function benchUpload({ client, store, pids }: Surroundings): Promise<Result[]> {
  const order = await client.post("/orders", {
    items: [{ name: "Bench", quantity: 1, unit_price: 1 }],
  });
  const announced = await client.post("/uploads/presign", {
    file_name: "bench.txt",
    content_type: "text/plain",
    byte_size: UPLOAD_BYTES,
    entity_type: "order",
    entity_id: placed.parse(order.body).id,
  });
  const { attachment_id, url, headers } = presigned.parse(announced.body);

  const body = Buffer.alloc(UPLOAD_BYTES, "kontor ");
  const before = processorTime(pids);
  const began = performance.now();
  const sent = await fetch(url, { method: "PUT", headers, body });
  const seconds = (performance.now() - began) / 1000;
  const meanwhile = processorTime(pids) - before;
  if (!sent.ok) throw new Error(`PUT to the object store: ${sent.status} ${await sent.text()}`);

  const completing = performance.now();
  const done = await client.post(`/uploads/${attachment_id}/complete`, {});
  if (done.status !== 200) {
    throw new Error(`complete: ${done.status} ${JSON.stringify(done.body)}`);
  }
  const megabytes = UPLOAD_BYTES / 1024 / 1024;
  return [
    note(`upload of ${megabytes} MB through a signed address`, `${seconds.toFixed(1)} s`),
    holds("  goes to the object store itself", new URL(url).host, url.startsWith(`${store}/`)),
    atMost("  processor time of functions, worker, portal meanwhile", meanwhile, 0.2, " s"),
    note("  its completion", `${((performance.now() - completing) / 1000).toFixed(1)} s`),
  ];
}
