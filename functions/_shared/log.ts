/** Structured logs: one JSON line each, on standard output. Never a token, a cookie or a body. */
import pino from "pino";
import { env } from "./env.ts";
import { logOptions } from "./telemetry/log_options.ts";

export const log = pino(
  logOptions("functions", env.LOG_LEVEL),
  pino.destination({ fd: 1, sync: true }),
);
