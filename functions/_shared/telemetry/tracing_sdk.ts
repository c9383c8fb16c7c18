/** Tracing by OpenTelemetry's own SDK, on Node and on Deno; loaded only when spans are to go somewhere. */
import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Span, SpanOptions, Tracer } from "./tracing.ts";

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

const SEND_EVERY_MS = 2_000;
/** A receiver that is away must not hold up a process that is asked to stop. */
const STOP_WITHIN_MS = 2_000;

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const ZEROS = /^0+$/;

type Settings = {
  readonly service: string;
  readonly version: string;
  readonly endpoint: string;
  /** The share of traces that are kept, decided by the trace's id: alike in every part. */
  readonly share: number;
};

/** Registers the SDK for this process. */
export function openTracer({ service, version, endpoint, share }: Settings): Tracer {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.version": version }),
    // By the id alone, so that all parts keep the same traces. A caller's flag is not asked: it may say yes always.
    sampler: new TraceIdRatioBasedSampler(share),
    spanProcessors: [
      new BatchSpanProcessor({
        // It reads OTEL_EXPORTER_OTLP_HEADERS by itself.
        exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` }),
        scheduledDelayMillis: SEND_EVERY_MS,
      }),
    ],
  });
  const tracer = provider.getTracer("kontor", version);
  return {
    open(name, { kind, attributes = {}, parent }) {
      const within = parent === undefined ? context.active() : contextOf(parent);
      return wrap(tracer.startSpan(name, { kind: KINDS[kind], attributes }, within), within);
    },
    current() {
      const span = trace.getActiveSpan();
      return span && { traceId: span.spanContext().traceId, traceparent: traceparentOf(span) };
    },
    async stop() {
      await Promise.race([
        provider.shutdown().catch(() => {}),
        new Promise((resolve) => setTimeout(resolve, STOP_WITHIN_MS)),
      ]);
    },
  };
}

/** The context that a caller names, of which nothing is believed but the two ids. */
function contextOf(traceparent: SpanOptions["parent"]): Context {
  const [, traceId = "", spanId = ""] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === "" || ZEROS.test(traceId) || ZEROS.test(spanId)) return ROOT_CONTEXT;
  const spanContext = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

function traceparentOf(span: OtelSpan): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
}

function wrap(span: OtelSpan, within: Context): Span {
  const inside = trace.setSpan(within, span);
  let ended = false;
  return {
    run: (work) => context.with(inside, work),
    rename: (name) => void span.updateName(name),
    set: (attributes) => void span.setAttributes({ ...attributes }),
    end(error) {
      if (ended) return;
      ended = true;
      if (error !== undefined) {
        // Its words may hold what somebody wrote.
        span.setAttribute("error.type", error instanceof Error ? error.name : typeof error);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
    traceId: span.spanContext().traceId,
    traceparent: traceparentOf(span),
  };
}
