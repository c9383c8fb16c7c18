/** Erased values must have been announced: an entry that is chained itself says of which record, and how many. */
import type { Entry } from "./canonical.ts";
import type { ChainEnds, Fault } from "./chain.ts";

type Seen = { count: number; first: Pick<Entry, "id" | "position"> };

/** What the entries about the log itself say, read beside the chain; only text of ours is parsed. */
function metadataOf(text: string): { of?: unknown; entries?: unknown; first_position?: unknown } {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null ? value : {};
}

/** Makes what looks at every entry of a chain, sealed (`step`) or announced only (`announce`). */
export function watchErasures(chain: ChainEnds) {
  const faults: Fault[] = [];
  const erased = new Map<string, Seen>();
  const announced = new Map<string, number>();
  let beginning = chain.first_position === "1";

  const announce = (entry: Pick<Entry, "entity_type" | "action" | "metadata">) => {
    if (entry.action !== "delete") return;
    const { of, entries, first_position } = metadataOf(entry.metadata);
    if (entry.entity_type === "audit_values" && typeof of === "string") {
      announced.set(of, (announced.get(of) ?? 0) + Number(entries));
    }
    if (entry.entity_type === "audit_log" && String(first_position) === chain.first_position) {
      beginning = true;
    }
  };

  return {
    announce,
    step(entry: Entry): void {
      if (entry.entity_type === "audit_values" || entry.entity_type === "audit_log")
        announce(entry);
      if (entry.erased === null) return;
      const { of, ...others } = metadataOf(entry.metadata);
      const isEmpty =
        entry.changes === "{}" &&
        [entry.salt, entry.ip, entry.user_agent].every((value) => value === null) &&
        Object.keys(others).length === 0;
      if (!isEmpty || typeof of !== "string") {
        const what = "it says its values are erased, and holds some";
        faults.push({ kind: "altered", position: entry.position, id: entry.id, what });
        return;
      }
      const seen = erased.get(of);
      if (seen) seen.count += 1;
      else erased.set(of, { count: 1, first: { id: entry.id, position: entry.position } });
    },
    end(): Fault[] {
      for (const [of, { count, first }] of erased) {
        const said = announced.get(of) ?? 0;
        if (count <= said) continue;
        const what = `values of ${count} entries of ${of} are erased, ${said} were announced`;
        faults.push({ kind: "altered", ...first, what });
      }
      if (!beginning) {
        const what = "no entry says that those before were deleted for their age";
        faults.push({ kind: "missing", position: chain.first_position, id: null, what });
      }
      return faults;
    },
  };
}
