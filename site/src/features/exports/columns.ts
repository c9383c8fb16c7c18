import {
  CUSTOMER_COLUMNS,
  DEFAULT_COLUMNS,
  type ExportEntity,
  ITEM_COLUMNS,
  ORDER_COLUMNS,
  PRODUCT_COLUMNS,
} from "../../../../functions/_shared/contracts/exports.ts";

/** What the rows of a file are. */
export type RowKind = keyof typeof DEFAULT_COLUMNS;

/** Every column there is, in the order of the file. */
export const COLUMNS: Record<RowKind, readonly string[]> = {
  orders: ORDER_COLUMNS,
  items: [...ORDER_COLUMNS, ...ITEM_COLUMNS],
  customers: CUSTOMER_COLUMNS,
  products: PRODUCT_COLUMNS,
};

const GROUPS: Record<ExportEntity | "items", Record<string, string>> = {
  orders: {
    Order: "number status placed_at item_count notes custom",
    Customer: "customer_name customer_email customer_id customer",
    Amounts: "currency subtotal discount_total tax_total shipping_total total",
  },
  items: {
    Item: "position sku name quantity unit_price discount_percent discount tax_rate tax line_total attributes item_id product_id",
  },
  customers: {
    Customer: "name kind email phone tax_id tags custom",
    Addresses: "billing_address shipping_address",
  },
  products: { Product: "sku name unit_price currency tax_rate unit active custom" },
};

export type ColumnGroup = { name: string; columns: readonly string[] };

/** The columns as people look for them; what is in none of the groups comes last. */
export function groupsOf(kind: RowKind): ColumnGroup[] {
  const named = kind === "items" ? { ...GROUPS.orders, ...GROUPS.items } : GROUPS[kind];
  const groups = Object.entries(named).map(([name, columns]) => {
    return { name, columns: columns.split(" ") };
  });
  const placed = new Set(groups.flatMap(({ columns }) => columns));
  const rest = COLUMNS[kind].filter((column) => !placed.has(column));
  return rest.length > 0 ? [...groups, { name: "Record", columns: rest }] : groups;
}

/** What is chosen when nobody has chosen yet. */
export function usualColumns(kind: RowKind): readonly string[] {
  return DEFAULT_COLUMNS[kind];
}
