import { expect, it } from "vitest";
import { COLUMNS, groupsOf, type RowKind } from "./columns.ts";

const KINDS: RowKind[] = ["orders", "items", "customers", "products"];

it.each(KINDS)("every column of %s is in one group, and no other is", (kind) => {
  const grouped = groupsOf(kind).flatMap(({ columns }) => columns);
  expect(grouped.toSorted()).toEqual(COLUMNS[kind].toSorted());
});

it("what no group names is found among the record's own", () => {
  expect(groupsOf("customers").at(-1)).toEqual({
    name: "Record",
    columns: ["created_at", "id", "version", "created_by", "updated_at", "deleted_at"],
  });
});
