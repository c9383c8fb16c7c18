/** Tells, of entries whose hashes do not fit, the altered from the displaced and from the innocent. */
import { canonical, hashAfter } from "./canonical.ts";
import type { Fault, Suspect } from "./chain.ts";

/** Pairs are tried among so many: more were not moved by hand. */
const MOST = 40;

/**
 * What is wrong with each. One that only follows an entry that was moved is not wrong at all.
 * @param suspects in the order of their positions.
 */
export function displaced(suspects: readonly Suspect[]): Fault[] {
  const pairable = suspects.length <= MOST;
  const stored = pairable ? suspects.map(({ entry }) => entry.hash) : [];
  const follows = (suspect: Suspect, hash: Buffer) =>
    hashAfter(hash, canonical(suspect.entry)).equals(suspect.entry.hash);

  return suspects.flatMap((suspect): Fault[] => {
    const { entry } = suspect;
    if (stored.some((hash) => follows(suspect, hash))) return [];
    const place = pairable ? placeOf(suspect, suspects, stored) : undefined;
    const named = { position: entry.position, id: entry.id };
    if (place !== undefined) {
      return [{ kind: "reordered", ...named, what: `its place is ${place}` }];
    }
    return [{ kind: "altered", ...named, what: reason(suspect) }];
  });
}

/** The place at which an entry's content has a hash that is stored with it or there. */
function placeOf(suspect: Suspect, suspects: readonly Suspect[], stored: readonly Buffer[]) {
  const other = suspects.find(({ entry, predecessors }) => {
    if (entry.position === suspect.entry.position) return false;
    const text = canonical(suspect.entry, entry.position);
    return [...predecessors, ...stored].some((hash) => {
      const there = hashAfter(hash, text);
      return there.equals(suspect.entry.hash) || there.equals(entry.hash);
    });
  });
  return other?.entry.position;
}

function reason({ entry }: Suspect): string {
  if (entry.salt === null && entry.erased === null) return "its values' salt is gone";
  return "it is not what was sealed";
}
