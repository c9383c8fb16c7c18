/** The worker's program. */
import { registry } from "./registry.ts";
import { schedule } from "./schedule.ts";
import { work } from "./worker.ts";

await work({ registry, schedule });
