/** Reads PromQL with Prometheus' own grammar: whether it is any, and which metrics it asks for. */
import { parser } from "@prometheus-io/lezer-promql";

export type Read = {
  /** The names of the metrics. */
  readonly metrics: readonly string[];
  /** Where it is no PromQL: the text from there on. */
  readonly faults: readonly string[];
};

/** Reads one expression. */
export function readPromql(expr: string): Read {
  const metrics = new Set<string>();
  const faults: string[] = [];
  parser.parse(expr).iterate({
    enter({ type, node, from, to }) {
      if (type.isError) faults.push(expr.slice(from) || "its end");
      if (type.name === "Identifier" && node.parent?.type.name === "VectorSelector") {
        metrics.add(expr.slice(from, to));
      }
    },
  });
  return { metrics: [...metrics], faults };
}

/** The names that a page of metrics offers, those of a histogram's parts among them. */
export function offeredBy(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type]) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
}
