/**
 * Connections to the database, each held by one request at a time.
 *
 * The driver has a pool of its own, but its `reserve` loses waiting callers when a connection dies
 * and keeps failed ones in its queue. So every connection here is a client of its own, reserved once
 * for all its life, and thrown away with its client when it is lost.
 */
import postgres from "postgres";
import type { Sql } from "postgres";
import { isConnectionError } from "./database_errors.ts";
import { env } from "./env.ts";
import { Problem } from "./errors.ts";

/** Longer than this a request's statement never runs. */
const STATEMENT_TIMEOUT_MS = 15_000;
/** Longer than this nobody waits for a connection, or for somebody else's transaction. */
const WAIT_MS = 10_000;

const settings = {
  connect_timeout: 5,
  onnotice: () => {},
  connection: {
    application_name: "kontor_functions",
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: WAIT_MS,
    idle_in_transaction_session_timeout: 2 * STATEMENT_TIMEOUT_MS,
    // Which tenant it is for comes out of a function as a statement runs, so a plan made for its
    // values is no better, and making it takes as long as a page takes.
    plan_cache_mode: "force_generic_plan",
  },
};

/** For what needs no caller and no transaction (health). */
export const sql: Sql = postgres(env.DATABASE_URL, { ...settings, max: 2, idle_timeout: 60 });

/** A connection while it is borrowed. */
export type Connection = {
  readonly sql: Sql;
  /** False from the moment the connection is lost: nothing may be sent any more. */
  alive(): boolean;
};

type Held = Connection & { close(): void };
type Waiter = { resolve(connection: Held): void; reject(error: unknown): void };

const idle: Held[] = [];
const waiting = new Set<Waiter>();
let count = 0;

/**
 * Lends a connection for as long as `work` takes.
 * @throws Problem 503 unavailable when none becomes free in time; the driver's error when none can
 * be made.
 */
export async function withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await take();
  try {
    return await work(connection);
  } catch (error) {
    // A lost connection can be reported as such before it is noticed as closed.
    if (isConnectionError(error)) connection.close();
    throw error;
  } finally {
    give(connection);
  }
}

/** How many connections are lent, lie idle, and are waited for. */
export function poolState(): { busy: number; idle: number; waiting: number } {
  return { busy: count - idle.length, idle: idle.length, waiting: waiting.size };
}

/** Closes what is idle; what is borrowed closes when it comes back. */
export async function closePool(): Promise<void> {
  for (const connection of idle.splice(0)) connection.close();
  await sql.end({ timeout: 1 });
}

function take(): Promise<Held> {
  for (let one = idle.pop(); one !== undefined; one = idle.pop()) {
    if (one.alive()) return Promise.resolve(one);
  }
  if (count < env.DATABASE_POOL_SIZE) return open();
  return new Promise((resolve, reject) => {
    const waiter: Waiter = {
      resolve(connection) {
        clearTimeout(timer);
        resolve(connection);
      },
      reject(error) {
        clearTimeout(timer);
        reject(error);
      },
    };
    const timer = setTimeout(() => {
      waiting.delete(waiter);
      reject(new Problem("unavailable", "Too much is going on just now. Try again shortly."));
    }, WAIT_MS);
    waiting.add(waiter);
  });
}

function give(connection: Held): void {
  const [next] = waiting;
  if (!connection.alive()) {
    if (next === undefined) return;
    waiting.delete(next);
    take().then(next.resolve, next.reject);
  } else if (next === undefined) {
    idle.push(connection);
  } else {
    waiting.delete(next);
    next.resolve(connection);
  }
}

async function open(): Promise<Held> {
  count++;
  let alive = true;
  const close = () => {
    if (!alive) return;
    alive = false;
    count--;
    client.end({ timeout: 0 }).catch(() => {});
  };
  // No lifetime: it would end a connection that somebody holds.
  const client = postgres(env.DATABASE_URL, {
    ...settings,
    max: 1,
    max_lifetime: null,
    onclose: close,
  });
  try {
    const reserved = await client.reserve();
    return { sql: reserved, alive: () => alive, close };
  } catch (error) {
    close();
    // Others may have been waiting for this one; they fail alike, instead of waiting on.
    for (const waiter of waiting) waiter.reject(error);
    waiting.clear();
    throw error;
  }
}
