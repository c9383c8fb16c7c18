/** The dashboards, against Grafana's shape of one and the metrics that there are. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ROOT } from "../../env.ts";
import { readCompose } from "../compose.ts";
import { BOARDS } from "./boards.ts";
import { fileOf, textOf } from "./dashboards.ts";
import { faultsOf, offered } from "./testing.ts";

const here = (file: string) => path.join(import.meta.dirname, file);
const yaml = (file: string): unknown => parse(readFileSync(here(file), "utf8"));

/** A classic dashboard, as Grafana imports it: what it needs of one, and nothing it does not know. */
const datasource = z.strictObject({ type: z.enum(["prometheus", "loki"]), uid: z.string() });
const dashboard = z.strictObject({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string().min(1),
  tags: z.array(z.string()),
  schemaVersion: z.int().min(36),
  editable: z.boolean(),
  graphTooltip: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  refresh: z.string().regex(/^\d+[sm]$/),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  timezone: z.enum(["browser", "utc"]),
  annotations: z.strictObject({ list: z.array(z.unknown()) }),
  templating: z.strictObject({ list: z.array(z.unknown()) }),
  links: z.array(z.unknown()),
  panels: z.array(
    z.strictObject({
      id: z.int().min(1),
      type: z.enum(["timeseries", "stat", "logs"]),
      title: z.string().min(1),
      description: z.string().optional(),
      datasource,
      gridPos: z.strictObject({
        x: z.int().min(0).max(23),
        y: z.int().min(0),
        w: z.int().min(1).max(24),
        h: z.int().min(1),
      }),
      fieldConfig: z.strictObject({
        defaults: z.strictObject({ unit: z.string().optional(), min: z.number().optional() }),
        overrides: z.array(z.unknown()),
      }),
      options: z.record(z.string(), z.unknown()),
      targets: z
        .array(
          z.strictObject({
            refId: z.string().regex(/^[A-Z]$/),
            datasource,
            expr: z.string().min(1),
            legendFormat: z.string().optional(),
            editorMode: z.literal("code").optional(),
            range: z.literal(true).optional(),
            queryType: z.literal("range").optional(),
          }),
        )
        .min(1),
    }),
  ),
});

let known: Set<string>;
beforeAll(async () => {
  known = await offered();
});

describe.each(BOARDS)("the dashboard $title", (board) => {
  const text = readFileSync(fileOf(board), "utf8");

  it("is written as boards.ts says, in the shape that Grafana imports", () => {
    expect(text).toBe(textOf(board));
    const { panels } = dashboard.parse(JSON.parse(text));
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [index, { gridPos: one }] of panels.entries()) {
      expect(one.x + one.w).toBeLessThanOrEqual(24);
      for (const { gridPos: other } of panels.slice(index + 1)) {
        const apart = one.x + one.w <= other.x || other.x + other.w <= one.x;
        expect(apart || one.y + one.h <= other.y || other.y + other.h <= one.y).toBe(true);
      }
    }
  });

  it("asks in PromQL, for metrics that the running parts offer", () => {
    for (const { title, queries } of board.panels) {
      for (const [expr] of queries) expect([title, faultsOf(expr, known)]).toEqual([title, []]);
    }
  });
});

it("a metric that was renamed, and a query that is none, are found", () => {
  const expr = "sum by (task) (rate(kontor_job_failures_total[5m])) / max(kontor_jobs_waiting)";
  const renamed = new Set([...known].filter((name) => name !== "kontor_jobs_waiting"));
  expect(faultsOf(expr, renamed)).toEqual(["nobody offers kontor_jobs_waiting"]);
  expect(faultsOf("sum by (task (up)", known)).not.toEqual([]);
});

describe("settings", () => {
  const text = readFileSync(path.join(ROOT, "docker-compose.yml"), "utf8");
  const compose = readCompose([text]);
  const aliases = [...text.matchAll(/aliases: \[([\w-]+)\]/g)].map((match) => match[1] ?? "");
  const hosts = new Set([...Object.keys(compose.services), ...aliases, "127.0.0.1"]);

  it("name hosts that docker-compose.yml has", () => {
    const files = ["prometheus.yml", "datasources.yml", "config.alloy"];
    const asked = files.flatMap((file) => [
      ...readFileSync(here(file), "utf8").matchAll(/(?:http:\/\/|")([\w.-]+):\d{4,5}/g),
    ]);
    expect(asked.length).toBeGreaterThan(12);
    for (const [, host] of asked) expect(hosts).toContain(host);
  });

  it("dashboards ask data sources that are provisioned, and jobs that are scraped", () => {
    const sources = z
      .object({ datasources: z.array(z.object({ uid: z.string() }).loose()) })
      .loose()
      .parse(yaml("datasources.yml"))
      .datasources.map(({ uid }) => uid);
    const jobs = [...readFileSync(here("prometheus.yml"), "utf8").matchAll(/job_name: (\w+)/g)].map(
      (m) => m[1],
    );
    for (const board of BOARDS) {
      const text = textOf(board);
      for (const [, uid] of text.matchAll(/"uid": "(prometheus|loki|\w+)"/g)) {
        if (!uid?.startsWith("kontor")) expect(sources).toContain(uid);
      }
      for (const [, job = ""] of text.matchAll(/job=~?\\"([\w|]+)\\"/g)) {
        for (const name of job.split("|")) expect(jobs).toContain(name);
      }
    }
  });
});
