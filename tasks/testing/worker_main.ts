/** A worker with tasks that only tests have. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import { defineTask } from "../task.ts";
import { work } from "../worker.ts";

const ofTenant = z.object({ tenant_id: z.guid() });

await work({
  schedule: [],
  registry: {
    /** Notes that it ran: the order of the notes is that of the starts. */
    test_note: defineTask({
      payload: z.object({ table: z.string(), label: z.string(), ms: z.number().default(0) }),
      async run({ table, label, ms }, { sql, job }) {
        await sql`insert into ${sql(table)} (job_id, label) values (${job.id}, ${label})`;
        await sleep(ms);
      },
    }),
    test_nothing: defineTask({ payload: z.object({}), run: async () => {} }),
    test_hopeless: defineTask({
      payload: ofTenant,
      async run() {
        throw new PermanentError("It cannot be done.");
      },
    }),
    test_unlucky: defineTask({
      payload: ofTenant,
      async run() {
        throw new Error("Not this time.");
      },
    }),
  },
});
