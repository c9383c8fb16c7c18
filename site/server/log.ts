/** Structured logs: one JSON line each, on standard output. Never a token, a cookie, a body or a query. */
import { pino } from "pino";
import { logOptions } from "../../functions/_shared/telemetry/log_options.ts";
import { env } from "../src/lib/env.ts";

export const log = pino(logOptions("site", env.LOG_LEVEL));
