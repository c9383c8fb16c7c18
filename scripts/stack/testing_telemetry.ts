/** Where traces and errors are sent to in tests: a receiver of OTLP/HTTP and of Sentry's envelopes. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { z } from "zod";

const attribute = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) });

const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              attributes: z.array(attribute).default([]),
            }),
          ),
        }),
      ),
    }),
  ),
});

export type SeenSpan = {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
};

export type Receiver = {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** For SENTRY_DSN. */
  readonly dsn: string;
  readonly spans: readonly SeenSpan[];
  /** Envelopes as they came: JSON, a line for each part. */
  readonly envelopes: readonly string[];
  /** Headers that spans came with. */
  readonly headers: readonly IncomingMessage["headers"][];
  close(): Promise<void>;
};

const named = (attributes: z.output<typeof attribute>[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

function spansIn(body: string): SeenSpan[] {
  return exported.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId, name, attributes }) => ({
        service: String(named(resource.attributes)["service.name"]),
        name,
        traceId,
        spanId,
        // The root's is missing, or empty.
        parentSpanId: parentSpanId || undefined,
        attributes: named(attributes),
      })),
    ),
  );
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
}

/** Opens one on a free port of this machine. */
export async function receiveTelemetry(): Promise<Receiver> {
  const spans: SeenSpan[] = [];
  const envelopes: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const server = createServer(async (request, response) => {
    const text = await textOf(request);
    if (request.url === "/v1/traces") {
      headers.push(request.headers);
      spans.push(...spansIn(text));
    } else if (request.url?.startsWith("/api/1/envelope/")) envelopes.push(text);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${port}/1`,
    spans,
    envelopes,
    headers,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
