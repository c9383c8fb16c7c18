/** The same trivial jobs through BullMQ, when a Redis is there to compare with. */
import { type Job, Queue, Worker } from "bullmq";

/** At which BullMQ is fastest with jobs that do nothing. */
const CONCURRENCY = 24;
const QUEUE = "kontor-bench";
const CONNECT_WITHIN_MS = 2_000;
/** As many are added in one call. */
const BATCH = 1_000;

export type Redisful = {
  /** What it is and how it keeps its data. */
  readonly name: string;
  /** Jobs a second, from the start of the first until the last one's outcome is written. */
  rate(jobs: number): Promise<number>;
};

/** Undefined when no Redis answers. */
export async function findRedis(url: string | undefined): Promise<Redisful | undefined> {
  if (url === undefined) return undefined;
  const connection = { url, connectTimeout: CONNECT_WITHIN_MS, retryStrategy: () => null };
  const queue = new Queue(QUEUE, { connection });
  queue.on("error", () => {});
  try {
    const info = await (await queue.waitUntilReady()).info();
    const [, version = "?"] = /^redis_version:(\S+)/m.exec(info) ?? [];
    const kept = /^aof_enabled:1/m.test(info) ? "append-only file" : "no append-only file";
    return { name: `BullMQ on Redis ${version}, ${kept}`, rate: (jobs) => rate(url, jobs) };
  } catch {
    return undefined;
  } finally {
    await queue.close().catch(() => {});
  }
}

async function rate(url: string, jobs: number): Promise<number> {
  const connection = { url, maxRetriesPerRequest: null };
  const queue = new Queue(QUEUE, { connection });
  await queue.obliterate({ force: true });
  for (let added = 0; added < jobs; added += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, jobs - added) }, () => ({
      name: "nothing",
      data: {},
      opts: { removeOnComplete: true },
    }));
    await queue.addBulk(batch);
  }
  let firstAt = 0;
  const work = async (_job: Job) => {
    if (firstAt === 0) firstAt = performance.now();
  };
  const worker = new Worker(QUEUE, work, { connection, concurrency: CONCURRENCY, autorun: false });
  const taken = new Promise<number>((resolve, reject) => {
    let completed = 0;
    worker.on("completed", () => {
      completed += 1;
      if (completed === jobs) resolve((performance.now() - firstAt) / 1000);
    });
    worker.on("failed", (_job, error) => reject(error));
  });
  worker.run().catch(() => {});
  const seconds = await taken;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  return jobs / seconds;
}
