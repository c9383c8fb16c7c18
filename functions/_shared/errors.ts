/** Refusals: one class for all of them, and the one place where they become problem documents. */
import type { FieldError, Problem as ProblemDocument } from "./contracts/common.ts";

/** The machine-readable codes of the contract, each with its usual status and its title. */
const CODES = {
  malformed_json: [400, "Malformed JSON"],
  invalid_query: [400, "Invalid query"],
  tenant_required: [400, "Tenant required"],
  invalid_request: [400, "Invalid request"],
  unauthenticated: [401, "Not authenticated"],
  invalid_credentials: [401, "Invalid credentials"],
  forbidden: [403, "Forbidden"],
  not_found: [404, "Not found"],
  method_not_allowed: [405, "Method not allowed"],
  conflict: [409, "Conflict"],
  invalid_transition: [409, "Invalid transition"],
  idempotency_conflict: [409, "Idempotency conflict"],
  last_owner: [409, "Last owner"],
  upload_mismatch: [409, "Upload mismatch"],
  version_mismatch: [412, "Version mismatch"],
  too_large: [413, "Too large"],
  unsupported_media_type: [415, "Unsupported media type"],
  validation_failed: [422, "Validation failed"],
  rate_limited: [429, "Too many requests"],
  internal: [500, "Internal error"],
  unavailable: [503, "Unavailable"],
} as const satisfies Record<string, readonly [number, string]>;

export type Code = keyof typeof CODES;

type Extras = {
  /** When it is not the code's usual one. */
  readonly status?: number;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
};

/** A refusal with its machine-readable code and a sentence for people. Throw it from anywhere. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: Code | (string & Record<never, never>), detail: string, extras: Extras = {}) {
    super(detail, { cause: extras.cause });
    this.name = "Problem";
    this.code = code;
    this.status = extras.status ?? (isCode(code) ? CODES[code][0] : 500);
    this.errors = extras.errors ?? [];
    this.headers = extras.headers ?? {};
  }
}

/** The problem document (RFC 9457) of a refusal, as a response without a request id header yet. */
export function problemResponse(problem: Problem, requestId: string): Response {
  const body: ProblemDocument = {
    type: "about:blank",
    title: isCode(problem.code) ? CODES[problem.code][1] : "Refused",
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    request_id: requestId,
    ...(problem.errors.length > 0 ? { errors: [...problem.errors] } : {}),
  };
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: {
      ...problem.headers,
      "content-type": "application/problem+json",
      "cache-control": "no-store",
    },
  });
}

/** The refusal of a request nobody signed in for, or whose token does not hold. */
export function unauthenticated(detail: string): Problem {
  return new Problem("unauthenticated", detail, {
    headers: { "www-authenticate": 'Bearer realm="kontor"' },
  });
}

/** 404 without saying whether it never was or is somebody else's. */
export function notFound(detail = "There is nothing here."): Problem {
  return new Problem("not_found", detail);
}

function isCode(code: string): code is Code {
  return Object.hasOwn(CODES, code);
}
