import type { FieldError } from "../../../../functions/_shared/contracts/common.ts";

/** What people call a parameter, where its own name does not say it. */
const NAMES: Record<string, string> = {
  q: "search",
  sort: "order of the list",
  cursor: "page",
  customer_id: "customer",
  placed_from: "first day",
  placed_to: "last day",
  from: "first day",
  to: "last day",
  total_min: "smallest total",
  total_max: "largest total",
  deleted: "trash",
  active: "state of the product",
  entity_type: "kind of record",
  entity_id: "record",
  actor_id: "person",
};

/** Why the API refused one parameter of a list, in plain words and with what was asked for. */
export function complaint({ path, code }: FieldError, asked: URLSearchParams): string {
  const [name = "", index] = path.split(".");
  const value = asked.get(name) ?? "";
  const given =
    index === undefined ? value : ([...new Set(value.split(","))][Number(index)] ?? value);
  const fault = code === "invalid_value" ? "does not exist" : "cannot be understood";
  return `The ${NAMES[name] ?? name.replaceAll("_", " ")} “${given}” ${fault}.`;
}
