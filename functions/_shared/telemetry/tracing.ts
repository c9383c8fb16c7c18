/**
 * Traces: what a request was doing, in every part it went through. Everything here does nothing, and
 * loads nothing, until `startTracing` was told where spans are to go.
 *
 * No attribute holds what somebody wrote or who they are: no addresses with their query, no parameters of
 * statements, no words of an error.
 */
import type { TelemetrySettings } from "./variables.ts";

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export type SpanOptions = {
  readonly kind: "server" | "client" | "consumer" | "internal";
  readonly attributes?: Attributes;
  /**
   * The traceparent of whoever asked, which counts for nothing but where the span belongs. Undefined:
   * within the present span.
   */
  readonly parent?: string | null | undefined;
};

/** Something that takes time. */
export type Span = {
  /** Spans that are opened by `work`, and by what it waits for, belong to this one. */
  run<T>(work: () => T): T;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Ends it; with an error it counts as failed. Once is enough. */
  end(error?: unknown): void;
  /** Undefined while nothing is traced. */
  readonly traceId: string | undefined;
  /** What the next part is sent as its `traceparent`. */
  readonly traceparent: string | undefined;
};

/** What the SDK does for us; see tracing_sdk.ts. */
export type Tracer = {
  open(name: string, options: SpanOptions): Span;
  current(): Pick<Span, "traceId" | "traceparent"> | undefined;
  stop(): Promise<void>;
};

const UNTRACED: Span = {
  run: (work) => work(),
  rename: () => {},
  set: () => {},
  end: () => {},
  traceId: undefined,
  traceparent: undefined,
};

let tracer: Tracer | undefined;

/** Begins to trace when the settings say where to. `part` is what the service is called. */
export async function startTracing(
  part: string,
  version: string,
  settings: TelemetrySettings,
): Promise<void> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: share } = settings;
  if (endpoint === undefined) return;
  const { openTracer } = await import("./tracing_sdk.ts");
  tracer = openTracer({ service: `kontor-${part}`, version, endpoint, share });
}

/** Sends what is left. */
export async function stopTracing(): Promise<void> {
  await tracer?.stop();
}

export const isTracing = (): boolean => tracer !== undefined;

/** Opens a span, which whoever opened it must end. */
export function openSpan(name: string, options: SpanOptions): Span {
  return tracer === undefined ? UNTRACED : tracer.open(name, options);
}

/** Does `work` in a span that ends with it. */
export async function inSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  if (tracer === undefined) return await work(UNTRACED);
  const span = tracer.open(name, options);
  try {
    const result = await span.run(() => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

/** The present trace's id, for a line in the log. */
export const currentTraceId = (): string | undefined => tracer?.current()?.traceId;

/** What a part that is asked now is told. */
export const currentTraceparent = (): string | undefined => tracer?.current()?.traceparent;
