import { type LogLevel, Logger as WorkerLogger } from "graphile-worker";
import { type Logger, pino } from "pino";
import { logOptions } from "../functions/_shared/telemetry/log_options.ts";
import type { Env } from "./env.ts";

/** JSON lines on standard output: level as a word, time as RFC 3339. */
export function makeLogger(level: Env["LOG_LEVEL"]): Logger {
  return pino(logOptions("worker", level));
}

const LEVELS = {
  error: "error",
  warning: "warn",
  info: "info",
  debug: "debug",
} as const satisfies Record<`${LogLevel}`, string>;

/** Lets Graphile Worker write into the same log. Of its details only the error is kept. */
export function workerLogger(log: Logger): WorkerLogger {
  return new WorkerLogger((scope) => (level, message, details) => {
    const context = {
      ...(scope.taskIdentifier && { task: scope.taskIdentifier }),
      ...(scope.jobId && { job_id: scope.jobId }),
      ...(details?.error instanceof Error && { err: details.error }),
    };
    // That a job succeeded is a metric, not news.
    log[details?.success === true ? "debug" : LEVELS[level]](context, message);
  });
}
