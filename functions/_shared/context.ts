/** What a handler is given, and what it gives back. Types only. */
import type { Fragment, PendingQuery, Row, Sql } from "postgres";

/** Roles in a tenant, from least to most. */
export type Role = "viewer" | "member" | "admin" | "owner";

/**
 * Who may call: `public` anybody (no authentication is looked at), `caller` any signed-in person
 * (no tenant is needed), or a member of the active tenant with at least that role.
 */
export type Access = "public" | "caller" | Role;

/** Who calls. */
export type Caller = {
  /** The person's id (`sub`); an API key's is that of who made it. */
  readonly id: string;
  /** The API key that the request came with. */
  readonly keyId: string | null;
  readonly email: string | null;
  /** The verified token's claims as JSON text: what the database is told. */
  readonly claims: string;
  /** The token's expiry, seconds since 1970. */
  readonly expiresAt: number;
  readonly via: "bearer" | "cookie";
};

/**
 * What functions/_shared/session.ts answers for a request with a session cookie.
 * `readSession(request: Request): Promise<Session | null>` is its signature; null when there is no
 * cookie. One that no longer stands has an empty access token.
 */
export type Session = {
  readonly access_token: string;
  /** `Set-Cookie` values that must go out with the answer: a renewed session. */
  readonly setCookie?: readonly string[];
};

/** One statement, written with the `sql` that is handed to it. Do not await it. */
export type Statement<T extends Row> = (sql: Sql) => PendingQuery<T[]>;

/**
 * The database as the caller: role `authenticated`, the caller's claims, and the role in the active
 * tenant that the route requires, checked in the same transaction and the same round trip.
 */
export type CallerDatabase = {
  /** Runs one statement and gives its rows. For reads. */
  rows<T extends Row = Row>(statement: Statement<T>): Promise<T[]>;
  /**
   * Runs one statement and answers from its rows; for writes. Under an Idempotency-Key the answer
   * is remembered in the statement's own transaction, and a repetition gets it without running.
   */
  answer<T extends Row = Row>(
    statement: Statement<T>,
    reply: (rows: T[]) => Reply,
  ): Promise<Reply>;
  /**
   * Runs what the functions alone may do, as themselves, for the active tenant; the caller's role was
   * checked first, in the same transaction. Never with SQL that is the caller's.
   */
  asFunctions<T extends Row = Row>(
    statement: (sql: Sql, tenant: string) => PendingQuery<T[]>,
  ): Promise<T[]>;
  /** Writes into the tenant's audit log that the caller was given a file, or the address of one. */
  recordDownload(what: Downloaded): Promise<void>;
};

/** What somebody was given. */
export type Downloaded = {
  readonly entityType: string;
  readonly entityId: string;
  /** What the log says besides: `of`, the record it belongs to (`order:<id>`). */
  readonly metadata?: Readonly<Record<string, string>>;
};

/** An answer before it is dressed with request id and entity tag. */
export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Several cookies need several headers. */
  readonly setCookie?: readonly string[];
  /** JSON text, as the database built it or as `JSON.stringify` did; absent: no body. */
  readonly json?: string;
  /** Anything but JSON; its content-type is among the headers. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** What is made while it is sent; its content-type is among the headers. */
  readonly stream?: ReadableStream<Uint8Array>;
};

/** What the handler of a route is given. */
export type Context<A extends Access = Access, Params = unknown, Query = unknown, Body = unknown> =
  {
    readonly request: Request;
    readonly url: URL;
    readonly requestId: string;
    /** The peer's address as the gateway saw it. */
    readonly ip: string | null;
    readonly params: Params;
    readonly query: Query;
    readonly body: Body;
    readonly caller: A extends "public" ? null : Caller;
    readonly db: A extends "public" ? null : CallerDatabase;
    /** What `If-Match` asks of the present version; see etag.ts. */
    readonly ifMatch: IfMatch;
    /** The path under which this API was called from outside: `/functions/v1`, or `/api` on the portal. */
    readonly prefix: string;
  };

/** `any`: no demand. Otherwise one of these versions must be the present one (none of them: never). */
export type IfMatch = "any" | { readonly versions: readonly number[] };

export type { Fragment, Sql };
