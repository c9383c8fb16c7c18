/** The parts of an OpenAPI 3.1 document that the reference shows. */

export type Schema = {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  example?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
};

type Content = Record<string, { schema?: Schema }>;

export type Operation = {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: unknown[];
  parameters?: {
    in: string;
    name: string;
    required?: boolean;
    description?: string;
    schema?: Schema;
  }[];
  requestBody?: { content?: Content };
  responses?: Record<string, { description?: string; content?: Content }>;
};

export type OpenApi = {
  info: { title: string; version: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
};

export type Endpoint = { id: string; method: string; path: string; operation: Operation };
export type Group = { id: string; name: string; endpoints: Endpoint[] };

const METHODS = ["get", "post", "patch", "put", "delete"];

/** The endpoints by their first tag, groups in the document's order. */
export function groupsOf(document: OpenApi): Group[] {
  const groups = new Map<string, Group>();
  for (const { name } of document.tags ?? [])
    groups.set(name, { id: anchor("group", name), name, endpoints: [] });
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = operations[method];
      if (!operation) continue;
      const name = operation.tags?.[0] ?? "Other";
      const group = groups.get(name) ?? { id: anchor("group", name), name, endpoints: [] };
      groups.set(name, group);
      group.endpoints.push({
        id: anchor(method, path),
        method: method.toUpperCase(),
        path,
        operation,
      });
    }
  }
  return [...groups.values()].filter(({ endpoints }) => endpoints.length > 0);
}

/** An id for a place on the page. */
export function anchor(...parts: string[]): string {
  return parts
    .join("-")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** `Order` for `#/components/schemas/Order`. */
export function refName(schema: Schema): string | null {
  return schema.$ref?.split("/").pop() ?? null;
}

/** The schema of a body or an answer: of its JSON, else of whatever there is. */
export function schemaOf(content: Content | undefined): Schema | null {
  return Object.values(content ?? {})[0]?.schema ?? null;
}

/** What a value is, in a few words: `string (uuid) or null`. */
export function typeText(schema: Schema): string {
  const name = refName(schema);
  if (name) return name;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map(typeText))].join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array")
    return `array of ${schema.items ? typeText(schema.items) : "anything"}`;
  const type = Array.isArray(schema.type) ? schema.type.join(" or ") : (schema.type ?? "anything");
  return schema.format ? `${type} (${schema.format})` : type;
}

/** The limits of a value, in a few words. */
export function limitsText(schema: Schema): string {
  const range = (least: number | undefined, most: number | undefined, unit: string) => {
    if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`;
    if (most !== undefined) return `at most ${most}${unit}`;
    return least === undefined ? null : `at least ${least}${unit}`;
  };
  const limits = [
    range(schema.minimum, schema.maximum, ""),
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minItems, schema.maxItems, " items"),
    schema.default === undefined ? null : `default ${JSON.stringify(schema.default)}`,
    schema.example === undefined ? null : `for example ${JSON.stringify(schema.example)}`,
  ];
  return limits.filter(Boolean).join(", ");
}
