import type { Export, ExportFormat } from "../../../../functions/_shared/contracts/exports.ts";
import type { Tone } from "../../ui/Badge.tsx";

export const FORMATS: Record<ExportFormat, { label: string; hint: string }> = {
  csv: { label: "CSV", hint: "For other programs; as many rows as there are." },
  xlsx: { label: "Excel", hint: "A workbook with real numbers and dates." },
  pdf: { label: "PDF", hint: "To print or to send; for shorter lists." },
};

export const STATUS: Record<Export["status"], { label: string; tone: Tone }> = {
  queued: { label: "Waiting", tone: "grey" },
  running: { label: "Running", tone: "blue" },
  succeeded: { label: "Ready", tone: "green" },
  failed: { label: "Failed", tone: "red" },
  cancelled: { label: "Cancelled", tone: "grey" },
  expired: { label: "Expired", tone: "amber" },
};

/** What the file's rows are: `Orders`, or `Order items`. */
export function rowsLabel({ entity, rows }: Pick<Export, "entity" | "rows">): string {
  if (rows === "items") return "Order items";
  return entity.charAt(0).toUpperCase() + entity.slice(1);
}

const COLUMN_LABELS: Record<string, string> = {
  id: "Id",
  sku: "SKU",
  customer: "All as JSON",
  customer_id: "Id",
  customer_name: "Name",
  customer_email: "E-mail",
  discount_percent: "Discount %",
  email: "E-mail",
  tax_id: "Tax id",
  item_id: "Item id",
  product_id: "Product id",
  custom: "Custom fields",
  deleted_at: "Moved to trash",
  placed_at: "Placed",
  created_at: "Created",
  updated_at: "Changed",
};

/** A column's name for people, within its group: `tax_total` is "Tax total". */
export function columnLabel(name: string): string {
  const words = name.replaceAll("_", " ");
  return COLUMN_LABELS[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether the server still works on it, or will. */
export function isUnderWay({ status }: Pick<Export, "status">): boolean {
  return status === "queued" || status === "running";
}
