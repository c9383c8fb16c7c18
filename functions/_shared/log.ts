/** Structured logs: one JSON line each, on standard output. Never a token, a cookie or a body. */
import pino from "pino";
import { env } from "./env.ts";

export const log = pino({
  level: env.LOG_LEVEL,
  base: { part: "functions" },
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
}, pino.destination({ fd: 1, sync: true }));
