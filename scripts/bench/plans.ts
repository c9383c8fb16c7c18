/** Whether Postgres goes the way that the indexes were made for. */
import type { Sql } from "postgres";
import { z } from "zod";
import type { Captured } from "./capture.ts";
import { holds, type Result } from "./report.ts";

type Node = {
  "Node Type": string;
  "Index Name"?: string | undefined;
  "Relation Name"?: string | undefined;
  Plans?: Node[] | undefined;
};
const node: z.ZodType<Node> = z.lazy(() =>
  z.object({
    "Node Type": z.string(),
    "Index Name": z.string().optional(),
    "Relation Name": z.string().optional(),
    Plans: z.array(node).optional(),
  }),
);
const plan = z.tuple([z.object({ Plan: node })]);

const all = (root: Node): Node[] => [root, ...(root.Plans ?? []).flatMap(all)];

/** The plan of a captured request's query, under row-level security. */
export async function planOf(owner: Sql, { opening, query }: Captured): Promise<Node[]> {
  for (const { text, parameters } of opening) await owner.unsafe(text, [...parameters]);
  try {
    const [row] = await owner.unsafe(`explain (format json) ${query.text}`, [...query.parameters]);
    return all(plan.parse(row?.["QUERY PLAN"])[0].Plan);
  } finally {
    await owner.unsafe("rollback");
  }
}

/** That the query finds its orders by the index and needs to sort nothing. */
export async function usesIndex(
  owner: Sql,
  name: string,
  captured: Captured,
  index: string,
): Promise<Result> {
  const nodes = await planOf(owner, captured);
  const indexes = nodes.flatMap((one) => one["Index Name"] ?? []);
  const scans = nodes.some(
    (one) => one["Node Type"] === "Seq Scan" && one["Relation Name"] === "orders",
  );
  // The items' own order within an order is a small sort; the list's would be an incremental one.
  const sorted = nodes.some((one) => one["Node Type"] === "Incremental Sort");
  const right = indexes.includes(index) && !scans && !sorted;
  const instead = indexes.find((used) => used.startsWith("orders_")) ?? "no index of orders";
  return holds(`plan of ${name}`, right ? index : instead, right);
}
