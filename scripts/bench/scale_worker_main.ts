/** A worker with the tasks of `npm run bench:scale`, and no others. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { defineTask } from "../../tasks/task.ts";
import { work } from "../../tasks/worker.ts";

await work({
  schedule: [],
  registry: {
    bench_trivial: defineTask({ payload: z.object({}), run: async () => {} }),
    /** As one that asks somebody else, a mail server or a webhook's receiver. */
    bench_waiting: defineTask({
      payload: z.object({ ms: z.number() }),
      run: async ({ ms }) => {
        await sleep(ms);
      },
    }),
  },
});
