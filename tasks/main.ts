/** The worker's program. */
import { deliveries, registry } from "./registry.ts";
import { schedule } from "./schedule.ts";
import { work } from "./worker.ts";

await work({ registry, schedule, deliveries });
