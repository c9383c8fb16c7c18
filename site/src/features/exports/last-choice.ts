/** What somebody exported last, kept in their browser: most export the same thing again. */
import {
  EXPORT_FORMATS,
  type ExportEntity,
  type ExportFormat,
} from "../../../../functions/_shared/contracts/exports.ts";
import { COLUMNS, type RowKind, usualColumns } from "./columns.ts";

export type Choice = {
  format: ExportFormat;
  kind: RowKind;
  /** By what the rows are: orders and their items have columns of their own. */
  columns: Partial<Record<RowKind, readonly string[]>>;
};

const keyOf = (tenantId: string, list: ExportEntity) => `kontor-export ${tenantId} ${list}`;

/** The last choice for a list, or the usual one. */
export function lastChoice(tenantId: string, list: ExportEntity): Choice {
  const kept = read(keyOf(tenantId, list));
  return {
    format: EXPORT_FORMATS.find((format) => format === kept.format) ?? "csv",
    kind: list === "orders" && kept.kind === "items" ? "items" : list,
    columns: kept.columns ?? {},
  };
}

/** The columns chosen last that there still are, or the usual ones. */
export function columnsOf({ columns }: Choice, kind: RowKind): ReadonlySet<string> {
  const kept = columns[kind];
  const known = Array.isArray(kept) ? COLUMNS[kind].filter((name) => kept.includes(name)) : [];
  return new Set(known.length > 0 ? known : usualColumns(kind));
}

/** Keeps a choice for the next time. */
export function keepChoice(tenantId: string, list: ExportEntity, choice: Choice): void {
  try {
    localStorage.setItem(keyOf(tenantId, list), JSON.stringify(choice));
  } catch {
    // Storage may be forbidden or full: then the usual is proposed again.
  }
}

function read(key: string): Partial<Choice> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {};
  }
}
