/** One attempt at one address: where to, with which time, and how much of the answer is looked at. */
import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import { type Dispatcher, Pool, request } from "undici";
import { inSpan } from "../../functions/_shared/telemetry/tracing.ts";
import { addressProblem, hostOf, urlProblem } from "../../functions/_shared/webhook_address.ts";
import type { Resolve } from "./resolve.ts";

/** From the look-up of the name to the last byte that is read of the answer. */
const TIMEOUT_MS = 10_000;
const KEPT_BODY_BYTES = 4_096;
const KEPT_HEADERS = 40;
const KEPT_HEADER_LENGTH = 500;

export type Rules = {
  /** For use on one's own machine: http, and addresses of the own network. */
  readonly allowPrivate: boolean;
  readonly resolve: Resolve;
  /** How many connections an endpoint gets. */
  readonly connections: number;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Its first 4 KB, as text. */
  readonly body: string;
};

export type Attempted = {
  readonly answer?: Answer;
  /** Why it counts as failed; a sentence. */
  readonly error?: string;
};

export type Sender = {
  /** @throws the reason of `signal` when that is aborted; whatever else goes wrong is an outcome. */
  post(
    url: string,
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<Attempted>;
  close(): Promise<void>;
};

/** Keeps connections between attempts, each to the very addresses that were looked at. */
export function openSender(rules: Rules): Sender {
  const pools = new Map<string, Pool>();

  async function poolFor(url: URL): Promise<Pool> {
    const addresses = await checkedAddresses(url, rules);
    const key = `${url.origin} ${addresses.toSorted().join(" ")}`;
    const pool = pools.get(key) ?? openPool(url.origin, addresses, rules.connections);
    pools.set(key, pool);
    return pool;
  }

  async function exchange(
    url: URL,
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<Attempted> {
    const dispatcher = await within(signal, poolFor(url));
    const answer = await request(url, { dispatcher, method: "POST", headers, body, signal });
    return outcome(await keep(answer));
  }

  return {
    async post(address, headers, body, signal) {
      const late = AbortSignal.timeout(TIMEOUT_MS);
      try {
        const problem = urlProblem(address, rules.allowPrivate);
        if (problem !== null) return { error: problem };
        // Where to is the tenant's business; and strangers are told nothing of our traces.
        return await inSpan("webhook post", { kind: "client" }, () =>
          exchange(new URL(address), headers, body, AbortSignal.any([signal, late])),
        );
      } catch (error) {
        signal.throwIfAborted();
        if (late.aborted)
          return { error: `There was no complete answer within ${TIMEOUT_MS / 1_000} seconds.` };
        return { error: inWords(error) };
      }
    },
    async close() {
      await Promise.allSettled([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

/** @throws Error with the reason when the name has no address, or one that is not the internet's. */
async function checkedAddresses(url: URL, rules: Rules): Promise<string[]> {
  const addresses = await rules.resolve(hostOf(url));
  if (rules.allowPrivate) return addresses;
  for (const address of addresses) {
    const problem = addressProblem(address) ?? (isIP(address) ? null : `${address} is no address.`);
    if (problem !== null) throw new Error(`Not sent: ${problem}`);
  }
  return addresses;
}

/** The name is not looked up again: what was checked is what is connected to. TLS still asks for the name. */
function openPool(origin: string, addresses: readonly string[], connections: number): Pool {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const lookup: LookupFunction = (_host, { all }, done) => {
    const [first] = found;
    if (all) done(null, found);
    else if (first) done(null, first.address, first.family);
    else done(new Error("no address"), "", 0);
  };
  return new Pool(origin, {
    connections,
    pipelining: 1,
    connect: { lookup, autoSelectFamily: true, timeout: TIMEOUT_MS },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
}

async function keep({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early closes the connection: the rest is not even received.
  for await (const part of body) {
    if (!Buffer.isBuffer(part)) continue;
    parts.push(part);
    bytes += part.length;
    if (bytes >= KEPT_BODY_BYTES) break;
  }
  const text = new TextDecoder().decode(Buffer.concat(parts).subarray(0, KEPT_BODY_BYTES));
  const kept = Object.entries(headers)
    .slice(0, KEPT_HEADERS)
    .map(([name, value]) => [name, storable(String(value ?? "").slice(0, KEPT_HEADER_LENGTH))]);
  return { status: statusCode, headers: Object.fromEntries(kept), body: storable(text) };
}

/** Postgres holds no null byte. */
const storable = (text: string) => text.replaceAll("\0", "\u{FFFD}").toWellFormed();

function outcome(answer: Answer): Attempted {
  const { status } = answer;
  if (status >= 200 && status < 300) return { answer };
  const redirect = status >= 300 && status < 400;
  return {
    answer,
    error: `It answered ${status}${redirect ? ", and redirects are not followed" : ""}.`,
  };
}

async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return await new Promise<T>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

const WORDS: Record<string, string> = {
  ECONNREFUSED: "The connection was refused.",
  ECONNRESET: "The connection was reset.",
  EHOSTUNREACH: "The host cannot be reached.",
  ENETUNREACH: "The network cannot be reached.",
  EPIPE: "The connection was closed.",
  UND_ERR_SOCKET: "The connection was closed before there was an answer.",
  UND_ERR_CONNECT_TIMEOUT: "No connection could be made in time.",
  UND_ERR_HEADERS_OVERFLOW: "The answer's headers are too long.",
};

function inWords(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return "It failed.";
  const code = "code" in first ? String(first.code) : "";
  if (first.name === "HTTPParserError") return "What it answered is not HTTP.";
  return WORDS[code] ?? (first.message || "It failed.");
}
