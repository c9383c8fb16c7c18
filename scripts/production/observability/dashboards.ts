/** Makes Grafana's dashboards of boards.ts: `node scripts/production/observability/dashboards.ts`. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Board, Panel } from "./board.ts";
import { BOARDS } from "./boards.ts";

const PROMETHEUS = { type: "prometheus", uid: "prometheus" };
const LOKI = { type: "loki", uid: "loki" };
/** Grafana's grid has 24 columns. */
const COLUMNS = 24;
const LINES = { w: 12, h: 8 };
const NUMBER = { w: 6, h: 5 };
const LOGS = { w: COLUMNS, h: 10 };

/** As Grafana's own export has it, as far as a panel of ours goes. */
function panelOf(panel: Panel, id: number, gridPos: object) {
  const { title, description, unit, stat, queries } = panel;
  return {
    id,
    type: stat ? "stat" : "timeseries",
    title,
    ...(description === undefined ? {} : { description }),
    datasource: PROMETHEUS,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: stat
      ? { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, colorMode: "none" }
      : { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: PROMETHEUS,
      expr,
      legendFormat,
      editorMode: "code",
      range: true,
    })),
  };
}

/** A dashboard as Grafana imports it. */
export function dashboardOf({ uid, title, panels, logs }: Board) {
  let [x, y, high] = [0, 0, 0];
  const place = ({ w, h }: { w: number; h: number }) => {
    if (x + w > COLUMNS) [x, y, high] = [0, y + high, 0];
    const gridPos = { x, y, w, h };
    [x, high] = [x + w, Math.max(high, h)];
    return gridPos;
  };
  const made: object[] = panels.map((panel, index) =>
    panelOf(panel, index + 1, place(panel.stat ? NUMBER : LINES)),
  );
  if (logs !== undefined) {
    made.push({
      id: made.length + 1,
      type: "logs",
      title: "Logs",
      datasource: LOKI,
      gridPos: place(LOGS),
      fieldConfig: { defaults: {}, overrides: [] },
      options: { showTime: true, wrapLogMessage: true, sortOrder: "Descending" },
      targets: [{ refId: "A", datasource: LOKI, expr: logs, queryType: "range" }],
    });
  }
  return {
    uid,
    title,
    tags: ["kontor"],
    schemaVersion: 41,
    editable: false,
    graphTooltip: 1,
    refresh: "1m",
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    annotations: { list: [] },
    templating: { list: [] },
    links: [],
    panels: made,
  };
}

/** Where a dashboard's file is. */
export const fileOf = ({ uid }: Board): string =>
  path.join(import.meta.dirname, "dashboards", `${uid.replace("kontor-", "")}.json`);

/** What is in it. */
export const textOf = (board: Board): string => `${JSON.stringify(dashboardOf(board), null, 2)}\n`;

if (import.meta.main) for (const board of BOARDS) writeFileSync(fileOf(board), textOf(board));
