/** Which backups are kept: all of a day, then the newest of each of the last days, weeks and months. */
import type { Keep } from "./settings.ts";

const DAY_MS = 86_400_000;

/** Backups are named after the second they began in: 20261122T020700Z. */
export function nameOf(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d+/g, "");
}

/** When a backup of that name began; undefined when it is not a backup's. */
export function timeOf(id: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(id);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

const day = (at: Date) => String(Math.floor(at.getTime() / DAY_MS));
/** The epoch was a Thursday; weeks begin on Monday. */
const week = (at: Date) => String(Math.floor((at.getTime() / DAY_MS + 3) / 7));
const month = (at: Date) => at.toISOString().slice(0, 7);

/** The names of those that may go. The newest and what was made in the day before it stay in any case. */
export function expired(ids: readonly string[], keep: Keep): string[] {
  const known = ids
    .flatMap((id) => {
      const at = timeOf(id);
      return at === undefined ? [] : [{ id, at }];
    })
    .sort((a, b) => b.at.getTime() - a.at.getTime());
  const newest = known[0]?.at.getTime() ?? 0;
  const kept = new Set(
    known.filter(({ at }) => newest - at.getTime() < DAY_MS).map(({ id }) => id),
  );
  const rules = [
    { period: day, count: keep.daily },
    { period: week, count: keep.weekly },
    { period: month, count: keep.monthly },
  ];
  for (const { period, count } of rules) {
    const seen = new Set<string>();
    for (const { id, at } of known) {
      if (seen.has(period(at))) continue;
      if (seen.size === count) break;
      seen.add(period(at));
      kept.add(id);
    }
  }
  return known.map(({ id }) => id).filter((id) => !kept.has(id));
}
