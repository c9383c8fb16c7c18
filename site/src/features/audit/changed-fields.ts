/** `{field: [old, new]}`, as entries and events have it. */
export type FieldChanges = Readonly<Record<string, readonly unknown[]>>;

export type ChangedField = {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
  /** The record's currency before and after the change; null where it has none. */
  readonly currencies: readonly [before: string | null, after: string | null];
};

/**
 * The fields of a change by name, each with what its amounts are in.
 * @param currency the record's, once it was changed.
 */
export function changedFields(changes: FieldChanges, currency: unknown): ChangedField[] {
  const present = textOf(currency);
  const [old, now] = changes.currency ?? [present, present];
  const currencies = [textOf(old) ?? textOf(now), textOf(now) ?? textOf(old)] as const;
  return Object.entries(changes)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, [before, after]]) => ({ name, before, after, currencies }));
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
