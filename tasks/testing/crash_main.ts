/** A worker that ends by an error which nobody catches, as soon as it works. */
import { work } from "../worker.ts";

setTimeout(() => {
  throw new Error("Nobody catches this.");
}, 2_000);
await work({ schedule: [], registry: {} });
