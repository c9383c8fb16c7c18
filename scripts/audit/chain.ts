/** Walks one tenant's chain, entry by entry, and says which of them are not as they were sealed. */
import { canonical, type Entry, hashAfter } from "./canonical.ts";
import { displaced } from "./displaced.ts";

/** Where a chain begins and ends, as audit.chains says. */
export type ChainEnds = {
  tenant_id: string;
  position: string;
  hash: Buffer;
  first_position: string;
  first_predecessor: Buffer;
};

/** What a chain's end was some time ago, kept elsewhere. */
export type Head = { position: string; hash: string };

export type Fault = {
  kind: "altered" | "missing" | "duplicated" | "reordered" | "added" | "rewritten";
  position: string;
  /** The entry's; of a missing one, of the next that is there. */
  id: string | null;
  what: string;
};

/** An entry whose hash does not follow from what was before it, and the hashes that were tried. */
export type Suspect = { entry: Entry; predecessors: Buffer[] };

/** More are counted, not kept: their chain was replaced, not touched. */
const MAX_SUSPECTS = 200;

export type Walk = {
  /** Takes the next entry, in the order of positions. */
  step(entry: Entry): void;
  /** What is wrong, by position. */
  end(): Fault[];
};

/** Begins a walk. @param head what the chain must still hold. */
export function walkChain(chain: ChainEnds, head?: Head): Walk {
  const faults: Fault[] = [];
  const suspects: Suspect[] = [];
  let uncounted = 0;
  let last = BigInt(chain.first_position) - 1n;
  let lastHash = chain.first_predecessor;
  let lastIsTrue = true;
  /** What the next entry may follow: the last one's hash as stored, and as it should have been. */
  let predecessors: Buffer[] | undefined = [chain.first_predecessor];
  let before: Buffer[] | undefined;

  const fault = (kind: Fault["kind"], position: bigint, id: string | null, what: string) =>
    faults.push({ kind, position: String(position), id, what });
  const follows = (entry: Entry, these: readonly Buffer[] | undefined) => {
    if (these === undefined) return true; // the one before it is gone
    const text = canonical(entry);
    return text !== null && these.some((hash) => hashAfter(hash, text).equals(entry.hash));
  };
  const keep = (entry: Entry, tried: Buffer[]) => {
    if (suspects.length < MAX_SUSPECTS) suspects.push({ entry, predecessors: tried });
    else uncounted += 1;
  };

  const accept = (entry: Entry, isTrue: boolean) => {
    const [hash] = predecessors ?? [];
    const computed = hash === undefined ? undefined : hashAfter(hash, canonical(entry));
    before = predecessors;
    predecessors = isTrue || computed === undefined ? [entry.hash] : [entry.hash, computed];
    lastHash = entry.hash;
    lastIsTrue = isTrue;
  };

  /** Two entries in one place: at most one of them was sealed there. */
  const twin = (entry: Entry, position: bigint) => {
    if (!lastIsTrue && follows(entry, before)) {
      const other = suspects.pop();
      if (other) fault("duplicated", position, other.entry.id, "another entry has its place");
      predecessors = before;
      accept(entry, true);
    } else {
      fault("duplicated", position, entry.id, "another entry has its place");
    }
  };

  return {
    step(entry) {
      const position = BigInt(entry.position);
      if (head && entry.position === head.position && entry.hash.toString("hex") !== head.hash) {
        fault("rewritten", position, entry.id, "its hash is not the one that was kept elsewhere");
      }
      if (position < BigInt(chain.first_position)) {
        fault("added", position, entry.id, "it is older than the chain's beginning");
        return;
      }
      if (position === last) return twin(entry, position);
      if (position > last + 1n) {
        const until = position - 1n === last + 1n ? "" : ` to ${position - 1n}`;
        fault("missing", last + 1n, entry.id, `nothing at ${last + 1n}${until}; the next is named`);
        predecessors = undefined;
      }
      last = position;
      const isTrue = follows(entry, predecessors);
      if (!isTrue) keep(entry, predecessors ?? []);
      accept(entry, isTrue);
    },
    end() {
      const end = BigInt(chain.position);
      if (last < end) {
        const until = last + 1n === end ? "" : ` to ${end}`;
        fault("missing", last + 1n, null, `nothing at ${last + 1n}${until}, the chain's end`);
      } else if (last > end) {
        fault("added", last, null, `the chain ends at ${end}`);
      } else if (lastIsTrue && !lastHash.equals(chain.hash)) {
        fault("rewritten", last, null, "the chain's end is not its last entry's hash");
      }
      if (head && end < BigInt(head.position)) {
        fault("missing", end + 1n, null, `the chain ended at ${head.position} when that was kept`);
      }
      faults.push(...displaced(suspects));
      if (uncounted > 0) fault("altered", last, null, `and ${uncounted} more`);
      return faults.sort((a, b) => Number(BigInt(a.position) - BigInt(b.position)));
    },
  };
}
