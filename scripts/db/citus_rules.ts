/**
 * What Citus asks of a table, from its documentation (12 and 13); none of it was run on Citus.
 *
 *   distributed   by tenant: a tenant's rows of all such tables are on one machine
 *   reference     a copy on every machine: what all tenants share, and the tenants themselves
 *   local         stays where the coordinator is
 */
import type { Catalogue, TableFacts } from "./citus_catalogue.ts";
import { type Effects, effectsOf } from "./citus_effects.ts";

export type Placement = "distributed" | "reference" | "local";

export type Verdict = {
  readonly table: string;
  readonly placement: Placement;
  /** Each is something to do before the table can be placed. */
  readonly changes: readonly string[];
  /** What to know, or to set. */
  readonly notes: readonly string[];
};

export type Report = {
  readonly verdicts: readonly Verdict[];
  /** Functions with their owner's rights that read or write rows of every tenant at once. */
  readonly crossing: readonly string[];
};

/** The column that says whose a row is. */
const KEY = "tenant_id";
const WRITES_COLUMNS = new Set(["n", "d"]);
const CASCADES = new Set(["c", "n", "d"]);

const placed = (tables: readonly TableFacts[]): ReadonlyMap<string, Placement> => {
  const distributed = tables.filter(({ columns }) => columns.includes(KEY));
  const shared = new Set(
    distributed.flatMap(({ foreign_keys }) => foreign_keys.map(({ target }) => target)),
  );
  // What a reference table points at has to be on every machine as well.
  for (let size = -1; size !== shared.size; ) {
    size = shared.size;
    for (const { name, foreign_keys } of tables) {
      if (shared.has(name)) for (const { target } of foreign_keys) shared.add(target);
    }
  }
  return new Map(
    tables.map(({ name, columns }) => [
      name,
      columns.includes(KEY) ? "distributed" : shared.has(name) ? "reference" : "local",
    ]),
  );
};

/** Judges every table, and every function that runs on one. */
export function judge(catalogue: Catalogue): Report {
  const placements = placed(catalogue.tables);
  const effects = effectsOf(catalogue, placements);
  const verdicts = catalogue.tables.map((table): Verdict => {
    const placement = placements.get(table.name) ?? "local";
    const notes: string[] = [];
    const changes: string[] = [];
    if (placement === "distributed") changes.push(...keys(table));
    for (const fault of foreignKeys(table, placement, placements)) changes.push(fault);
    if (placement !== "local") {
      changes.push(...others(table), ...triggers(table, effects));
      if (table.triggers.length > 0) {
        notes.push(`${table.triggers.length} trigger(s): citus.enable_unsafe_triggers`);
      }
      if (asksSettings(table, effects)) {
        notes.push(
          "its policies ask who is calling: the settings of a request have to be on every machine",
        );
      }
    }
    if (table.partitioned) notes.push("partitioned: each partition is distributed like the whole");
    return { table: table.name, placement, changes, notes };
  });
  const crossing = catalogue.functions
    .filter(({ name, definer, trigger }) => definer && !trigger && effects.get(name)?.everyTenant)
    .map(({ name }) => name);
  return { verdicts, crossing: [...new Set(crossing)] };
}

function keys({ unique, not_null }: TableFacts): string[] {
  const faults = unique
    .filter(({ columns }) => !columns.includes(KEY))
    .map(({ name, primary }) => `${primary ? "primary key" : "unique"} ${name} is without ${KEY}`);
  if (!unique.some(({ primary }) => primary)) faults.push("no primary key");
  if (!not_null.includes(KEY)) faults.push(`${KEY} may be null`);
  return faults;
}

function foreignKeys(
  { foreign_keys }: TableFacts,
  from: Placement,
  placements: ReadonlyMap<string, Placement>,
): string[] {
  return foreign_keys.flatMap((key) => {
    const { name, columns, target, target_columns, on_delete, on_update, written } = key;
    const to = placements.get(target) ?? "local";
    if (from === "distributed") {
      if (to === "local") return [`${name} leads to ${target}, which is on one machine only`];
      if (to === "reference") {
        return WRITES_COLUMNS.has(on_delete) && written.includes(KEY)
          ? [`${name} sets ${KEY} when its target is deleted`]
          : [];
      }
      const together = columns.some((column, at) => column === KEY && target_columns[at] === KEY);
      if (!together) return [`${name} leads to ${target} without ${KEY}`];
      return WRITES_COLUMNS.has(on_delete) && written.includes(KEY)
        ? [`${name} sets ${KEY} when its target is deleted`]
        : [];
    }
    if (to === "distributed") return [`${name} leads from what all share to ${target}, a tenant's`];
    if (from === "reference" && to === "local") {
      const cascades = CASCADES.has(on_delete) || CASCADES.has(on_update);
      return cascades ? [`${name} leads to ${target} and does more than refuse`] : [];
    }
    return [];
  });
}

function others({ sequences, inherits, rules }: TableFacts): string[] {
  return [
    ...sequences
      .filter(({ type }) => type !== "bigint")
      .map(({ column, type }) => `${column} is numbered by a sequence and is ${type}, not bigint`),
    ...(inherits ? ["it inherits from another table"] : []),
    ...(rules ? ["it has rules"] : []),
  ];
}

function triggers({ triggers: all }: TableFacts, effects: ReadonlyMap<string, Effects>): string[] {
  const byFault = new Map<string, Set<string>>();
  for (const one of all) {
    for (const fault of effects.get(one.function)?.faults ?? []) {
      byFault.set(fault, (byFault.get(fault) ?? new Set()).add(one.name));
    }
  }
  return [...byFault].map(([fault, which]) => `trigger ${[...which].join(", ")}: ${fault}`);
}

function asksSettings({ policies }: TableFacts, effects: ReadonlyMap<string, Effects>): boolean {
  const text = policies.join(" ");
  if (/current_setting\(/.test(text)) return true;
  return [...effects].some(([name, { settings }]) => settings && text.includes(`${name}(`));
}
