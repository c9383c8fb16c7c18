/** The end of a process of Node's that nobody foresaw: in the log, reported, and then over. */
import process from "node:process";
import type { Logger } from "pino";
import { reportError, stopReporting } from "./reporting.ts";

/** From now on what nobody caught is a line in the log, and ends the process once it was reported. */
export function endOnCrash(log: Logger): void {
  process.once("uncaughtException", (error) => {
    log.fatal({ err: error }, "nobody caught this");
    reportError(error, {});
    void stopReporting().finally(() => process.exit(1));
  });
}
