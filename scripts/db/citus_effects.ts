/** What functions do, by their words, and those they call: read from their definitions, not from running them. */
import type { Catalogue, FunctionFacts } from "./citus_catalogue.ts";

export type Effects = {
  /** What a trigger cannot do on another machine than the coordinator. */
  readonly faults: ReadonlySet<string>;
  /** It asks for settings that a request made. */
  readonly settings: boolean;
  /** It names tables of tenants and no tenant. */
  readonly everyTenant: boolean;
};

const NAME = /\b([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)/g;

/** A definition without what is said of it. */
const words = ({ definition }: FunctionFacts) => definition.replace(/--.*$/gm, "");

function own(text: string, placements: ReadonlyMap<string, string>): Effects {
  const named = new Set([...text.matchAll(NAME)].map(([whole]) => whole));
  const faults = new Set<string>();
  if (/\bpg_notify\(|\bnotify\b/i.test(text)) {
    faults.add("it notifies, which only those hear who are connected to that machine");
  }
  if (/\bpg_(try_)?advisory_/.test(text)) faults.add("its advisory lock holds on one machine only");
  if ([...named].some((name) => name.startsWith("graphile_worker."))) {
    faults.add("it enqueues a job, and the queue is on the coordinator");
  }
  let tenants = false;
  for (const name of named) {
    const placement = placements.get(name);
    if (placement === "local") faults.add(`it uses ${name}, which is on the coordinator`);
    tenants ||= placement === "distributed";
  }
  return {
    faults,
    settings: /\bcurrent_setting\(/.test(text),
    // A table's own name says nothing of whose rows are meant.
    everyTenant:
      tenants && !/tenant/i.test(text.replace(NAME, (name) => (placements.has(name) ? "" : name))),
  };
}

/** Every function's effects, those of what it calls included. */
export function effectsOf(
  { functions }: Catalogue,
  placements: ReadonlyMap<string, string>,
): ReadonlyMap<string, Effects> {
  // Functions of one name count as one.
  const texts = new Map<string, string>();
  for (const one of functions) {
    texts.set(one.name, `${texts.get(one.name) ?? ""}\n${words(one)}`);
  }
  const direct = new Map([...texts].map(([name, text]) => [name, own(text, placements)]));
  const calls = new Map(
    [...texts].map(([name, text]) => {
      const named = [...text.matchAll(NAME)].map(([whole]) => whole);
      return [name, named.filter((other) => other !== name && texts.has(other))];
    }),
  );
  const all = (name: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const called of calls.get(name) ?? []) all(called, seen);
    return seen;
  };
  return new Map(
    [...direct].map(([name, itself]) => {
      const reached = [...all(name)].flatMap((one) => direct.get(one) ?? []);
      return [
        name,
        {
          faults: new Set(reached.flatMap(({ faults }) => [...faults])),
          settings: reached.some(({ settings }) => settings),
          // Or whom it asks says whose rows are meant.
          everyTenant:
            itself.everyTenant &&
            !(calls.get(name) ?? []).some((called) => /tenant/i.test(texts.get(called) ?? "")),
        },
      ];
    }),
  );
}
