/** What the environment says of traces and errors; the same in the functions, the worker and the portal. */
import { z } from "zod";

const url = () => z.url({ protocol: /^https?$/ }).optional();

export const telemetryVariables = {
  /** An OTLP/HTTP receiver's base address; unset: nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url(),
  /** Sent along, `name=value` with commas between them. */
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
  /** The share of traces that are kept. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  /** Sentry or GlitchTip; unset: errors are logged, and no more. */
  SENTRY_DSN: url(),
  SENTRY_ENVIRONMENT: z.string().default("production"),
};

export type TelemetrySettings = z.output<z.ZodObject<typeof telemetryVariables>>;
