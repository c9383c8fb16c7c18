/**
 * How often something may be tried: Supabase Auth counts, the embedded server does not. A code of six
 * digits would be guessed within its hour, and every wrong password costs a hash of everybody's time.
 */

/** Names are forgotten, the oldest first, when there are more. */
const REMEMBERED = 10_000;

/** So many at once, and afterwards one in every so many seconds. */
export type Allowance = { readonly burst: number; readonly everySeconds: number };

type Bucket = { left: number; at: number };

export type Attempts = {
  /** Takes an attempt; 0, or the seconds until there is one. */
  take(name: string): number;
  /** Gives one back: it was no guess. */
  giveBack(name: string): void;
};

/** Counts attempts by name. @param now milliseconds; tests bring their own. */
export function createAttempts(
  { burst, everySeconds }: Allowance,
  now: () => number = Date.now,
): Attempts {
  const buckets = new Map<string, Bucket>();
  const current = (name: string): Bucket => {
    const known = buckets.get(name) ?? { left: burst, at: now() };
    const refilled = known.left + (now() - known.at) / 1000 / everySeconds;
    return { left: Math.min(burst, refilled), at: now() };
  };
  const keep = (name: string, bucket: Bucket) => {
    buckets.delete(name);
    if (bucket.left < burst) buckets.set(name, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > REMEMBERED && oldest !== undefined) buckets.delete(oldest);
  };
  return {
    take(name) {
      const { left, at } = current(name);
      const taken = left >= 1;
      keep(name, { left: taken ? left - 1 : left, at });
      return taken ? 0 : Math.ceil((1 - left) * everySeconds);
    },
    giveBack(name) {
      const { left, at } = current(name);
      keep(name, { left: Math.min(burst, left + 1), at });
    },
  };
}
