/** What every log line of ours looks like, whichever part writes it. */
import { type LoggerOptions, stdTimeFunctions } from "pino";
import { currentTraceId } from "./tracing.ts";

/**
 * Options of pino: level as a word, time as RFC 3339, which part, and the trace it belongs to, if there
 * is one. What a line is about is `request_id`, in every part.
 */
export function logOptions(part: string, level: string): LoggerOptions {
  return {
    level,
    base: { part },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin() {
      const trace_id = currentTraceId();
      return trace_id === undefined ? {} : { trace_id };
    },
  };
}
