/** What Prometheus reads of a server of ours: how many requests, how long, how many at once. */
import { Gauge, Histogram, type Registry } from "prom-client";

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);

/** A request that is under way. */
export type Measured = {
  /** The answer begins; `route` is the template of the address, never the address itself. */
  answered(route: string, status: number): void;
  /** Nothing more is sent. */
  over(): void;
};

/** Makes them; call the answer when a request arrives. */
export function httpMetrics(register: Registry, version: string): (method: string) => Measured {
  const registers = [register];
  const seconds = new Histogram({
    name: "kontor_http_request_duration_seconds",
    help: "How long requests took until their answer began",
    labelNames: ["route", "method", "status"] as const,
    buckets: BUCKETS,
    registers,
  });
  const inFlight = new Gauge({
    name: "kontor_http_requests_in_flight",
    help: "Requests under way",
    registers,
  });
  buildInfo(register, version);
  return (given) => {
    const since = performance.now();
    // Strangers can make up methods; labels stay few.
    const method = METHODS.has(given) ? given : "other";
    inFlight.inc();
    return {
      answered(route, status) {
        const labels = { route, method, status: `${Math.floor(status / 100)}xx` };
        seconds.observe(labels, (performance.now() - since) / 1_000);
      },
      over: () => inFlight.dec(),
    };
  };
}

/** Says which version runs. */
export function buildInfo(register: Registry, version: string): void {
  new Gauge({
    name: "kontor_build_info",
    help: "1, and which version this is",
    labelNames: ["version"] as const,
    registers: [register],
  }).set({ version }, 1);
}
