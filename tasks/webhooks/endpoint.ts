/** What the database says of an endpoint and its deliveries, and what it is told. */
import type { Sql } from "postgres";
import type { Attempted } from "./send.ts";

export type Endpoint = {
  readonly url: string;
  /** Failures in a row so far. */
  readonly failures: number;
  /** How long it is to be left alone. */
  readonly wait_ms: number;
  /** Newest first. */
  readonly sealed_secrets: readonly string[];
};

/** A delivery that may be sent now. */
export type Due = {
  readonly id: string;
  readonly event_id: string;
  readonly event_type: string;
  /** Attempts that failed before. */
  readonly tries: number;
  readonly body: string;
};

/** What became of an attempt. */
export type Outcome = Attempted & {
  readonly due: Due;
  readonly at: Date;
  readonly durationMs: number;
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** Null: not again. */
  readonly retryInMs: number | null;
};

export type Endpoints = {
  /** Null when nothing is to be sent there any more. */
  begin(): Promise<Endpoint | null>;
  due(busy: readonly string[], most: number): Promise<Due[]>;
  /** Writes what became of attempts; gives the failures in a row since, null once it is turned off. */
  finish(url: string, outcomes: readonly Outcome[]): Promise<number | null>;
  /** Leaves it alone for a while. */
  rest(ms: number): Promise<void>;
  /** Has this job called again when the next delivery is due. */
  schedule(): Promise<void>;
};

/** The database's functions for one endpoint. */
export function endpointOf(sql: Sql, tenant: string, webhook: string): Endpoints {
  return {
    async begin() {
      const [row] = await sql<{ endpoint: Endpoint | null }[]>`
        select private.begin_deliveries(${tenant}, ${webhook}) as endpoint`;
      return row?.endpoint ?? null;
    },
    async due(busy, most) {
      return await sql<Due[]>`
        select * from private.due_deliveries(${tenant}, ${webhook}, ${busy}::uuid[], ${most})`;
    },
    async finish(url, outcomes) {
      const written = JSON.stringify(outcomes.map((one) => toRow(url, one)));
      const [row] = await sql<{ state: { failures: number } | null }[]>`
        select private.finish_attempts(${tenant}, ${webhook}, ${written}::text::jsonb) as state`;
      return row?.state?.failures ?? null;
    },
    async rest(ms) {
      await sql`select private.rest_webhook(${tenant}, ${webhook}, ${Math.round(ms)}::bigint)`;
    },
    async schedule() {
      await sql`select private.schedule_deliveries(${tenant}, ${webhook})`;
    },
  };
}

/** 410: it wants nothing ever again. */
const GONE = 410;

function toRow(url: string, { due, answer, error, ...attempt }: Outcome) {
  const again = error !== undefined && attempt.retryInMs !== null && answer?.status !== GONE;
  return {
    delivery_id: due.id,
    at: attempt.at,
    duration_ms: attempt.durationMs,
    url,
    request_headers: attempt.requestHeaders,
    response_status: answer?.status,
    response_headers: answer?.headers,
    response_body: answer?.body,
    error,
    status: again ? "pending" : error === undefined ? "succeeded" : "failed",
    retry_in_ms: attempt.retryInMs,
    gone: answer?.status === GONE,
    test: due.event_type === "webhook.test",
  };
}
