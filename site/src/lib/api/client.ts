import type { FieldError, Problem } from "../../../../functions/_shared/contracts/common.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export type CallOptions = {
  /** Query parameters; empty ones are left out. */
  query?: Record<string, string | number | undefined> | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** The version the caller has seen: the write is refused with 412 if another is stored. */
  ifMatch?: number | undefined;
  /** Repeating a POST under the same key does it once. */
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
};

export type Api = <T>(method: Method, path: string, options?: CallOptions) => Promise<T>;

/** A refusal by the API, or its silence (`status` 0, `code` "unreachable"). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly fields: readonly FieldError[];

  constructor(problem: Partial<Problem> & { status: number }) {
    super(problem.detail ?? problem.title ?? "The service did not answer.");
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code ?? "unknown";
    this.requestId = problem.request_id ?? null;
    this.fields = problem.errors ?? [];
  }
}

export type ApiOptions = {
  /** What comes before the path: `/api` in a browser. */
  base: string;
  headers: () => Record<string, string>;
  fetch?: typeof globalThis.fetch;
};

/**
 * Makes a function that calls the API and answers with the decoded JSON (null where there is none).
 * @throws ApiError for every status of 400 and above, and when nothing answers. An aborted call rejects
 * with the signal's own AbortError.
 */
export function createApi({ base, headers, fetch = globalThis.fetch }: ApiOptions): Api {
  return async <T>(method: Method, path: string, options: CallOptions = {}): Promise<T> => {
    const response = await send(`${base}${path}${queryString(options.query)}`, {
      method,
      headers: { accept: "application/json", ...headers(), ...optionHeaders(options) },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new ApiError({ ...problemOf(text), status: response.status });
    return (text === "" ? null : JSON.parse(text)) as T;
  };

  async function send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError({ status: 0, code: "unreachable", detail: "No connection to Kontor." });
    }
  }
}

function optionHeaders({ body, ifMatch, idempotencyKey }: CallOptions): Record<string, string> {
  return {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` }),
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  };
}

function queryString(query: CallOptions["query"]): string {
  const present = Object.entries(query ?? {}).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  if (present.length === 0) return "";
  return `?${new URLSearchParams(present.map(([key, value]) => [key, String(value)]))}`;
}

/** The problem document in an answer's body; nothing when a proxy answered with something else. */
function problemOf(text: string): Partial<Problem> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Partial<Problem>) : {};
  } catch {
    return {};
  }
}
