import { z } from "zod";
import { defineTask } from "../task.ts";

/** Makes deliveries of a tenant's events, for every endpoint that subscribed to them. */
export const fanOutEvents = defineTask({
  payload: z.object({ tenant_id: z.guid() }),
  async run({ tenant_id }, { sql, signal }) {
    let more = true;
    while (more && !signal.aborted) {
      const [row] = await sql<{ more: boolean }[]>`
        select private.fan_out_events(${tenant_id}) as more`;
      more = row?.more === true;
    }
    if (more) throw new Error("The worker was stopped; the rest follows.");
  },
});
