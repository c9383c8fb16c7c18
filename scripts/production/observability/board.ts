/** What a dashboard is made of. */

/** A query of Prometheus, and what a line of it is called. */
export type Query = readonly [promql: string, legend: string];

export type Panel = {
  readonly title: string;
  /** What one should think when looking at it. */
  readonly description?: string;
  /** One of Grafana's: s, bytes, percentunit, reqps, short … */
  readonly unit: string;
  /** A number instead of lines over time. */
  readonly stat?: boolean;
  readonly queries: readonly Query[];
};

export type Board = {
  /** A file's name and the page's address. */
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Below: log lines that this LogQL selects. */
  readonly logs?: string;
};
