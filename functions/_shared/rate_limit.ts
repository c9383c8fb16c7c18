/**
 * How much one caller may ask for. A token bucket per person, API key or address, kept as one number (the
 * generic cell rate algorithm): full, it lets a minute's worth through at once; then it fills steadily.
 *
 * In this process's memory, for it costs every request no round trip and a restart may forget it. Two
 * processes side by side would let twice as much through; the limit protects the machine, it sells nothing.
 */
import { env } from "./env.ts";
import { Problem } from "./errors.ts";
import { BoundedCache } from "./lru.ts";

const WINDOW_SECONDS = 60;
const MAX_CALLERS = 50_000;

/** What is left, as the answer's headers say it (draft-ietf-httpapi-ratelimit-headers-10). */
export type Allowance = Readonly<Record<"ratelimit-policy" | "ratelimit", string>>;

class Buckets {
  readonly #fullAt = new BoundedCache<number>(MAX_CALLERS);
  readonly #name: string;
  readonly #quota: number;

  /** @param quota tokens per minute; 0 takes no notice of anybody. */
  constructor(name: string, quota: number) {
    this.#name = name;
    this.#quota = quota;
  }

  /** @throws Problem 429 rate_limited. */
  take(who: string): Allowance | undefined {
    if (this.#quota === 0) return undefined;
    const now = Date.now();
    const interval = WINDOW_SECONDS * 1_000 / this.#quota;
    const fullAt = Math.max(this.#fullAt.get(who) ?? 0, now) + interval;
    const left = Math.floor((now + WINDOW_SECONDS * 1_000 - fullAt) / interval);
    if (left < 0) {
      const wait = Math.ceil((fullAt - now) / 1_000 - WINDOW_SECONDS);
      throw new Problem("rate_limited", `At most ${this.#quota} requests a minute. Slow down.`, {
        headers: { ...this.#describe(0, wait), "retry-after": String(Math.max(1, wait)) },
      });
    }
    this.#fullAt.set(who, fullAt, fullAt);
    return this.#describe(left, Math.ceil((fullAt - now) / 1_000));
  }

  #describe(left: number, seconds: number): Allowance {
    return {
      "ratelimit-policy": `"${this.#name}";q=${this.#quota};w=${WINDOW_SECONDS}`,
      "ratelimit": `"${this.#name}";r=${left};t=${seconds}`,
    };
  }
}

const callers = new Buckets("caller", env.RATE_LIMIT_PER_MINUTE);
const addresses = new Buckets("address", env.RATE_LIMIT_ADDRESS_PER_MINUTE);

/**
 * One request of a person, or of an API key.
 * @throws Problem 429 rate_limited.
 */
export function takeCaller(caller: { readonly id: string; readonly keyId: string | null }) {
  return callers.take(caller.keyId ?? caller.id);
}

/**
 * One request of nobody in particular: signing in, or with a token that does not hold.
 * @throws Problem 429 rate_limited.
 */
export function takeAddress(address: string | null): Allowance | undefined {
  return addresses.take(address ?? "");
}
