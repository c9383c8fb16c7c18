/** The dashboards, alerts and settings of what watches Kontor, against what it really offers. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ROOT, readEnv } from "../../env.ts";
import { stack } from "../../stack/testing.ts";
import { readCompose } from "../compose.ts";
import { fileOf, textOf } from "./dashboards.ts";
import { BOARDS } from "./panels.ts";
import { offeredBy, readPromql } from "./promql.ts";

const here = (file: string) => path.join(import.meta.dirname, file);
const yaml = (file: string): unknown => parse(readFileSync(here(file), "utf8"));

/** Those of others: Prometheus' own, and node_exporter's. */
const OF_OTHERS = [
  "up",
  "node_cpu_seconds_total",
  "node_filesystem_avail_bytes",
  "node_filesystem_size_bytes",
  "node_memory_MemAvailable_bytes",
  "node_memory_MemTotal_bytes",
];

const rules = z
  .object({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string(),
            expr: z.string(),
            for: z
              .string()
              .regex(/^\d+[smhd]$/)
              .optional(),
            labels: z.strictObject({ severity: z.enum(["page", "look"]) }),
            annotations: z.strictObject({ summary: z.string(), what_to_do: z.string() }),
          }),
        ),
      }),
    ),
  })
  .parse(yaml("rules.yml"))
  .groups.flatMap((group) => group.rules);

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

let offered: Set<string>;
beforeAll(async () => {
  const pages = await Promise.all(
    Object.values(stack().metrics).map(async (url) => await (await fetch(url)).text()),
  );
  offered = new Set([...OF_OTHERS, ...pages.flatMap(offeredBy)]);
});

/** What is wrong with a query, given what there is. */
function faultsOf(expr: string, known: ReadonlySet<string>): string[] {
  const { metrics, faults } = readPromql(expr);
  const unknown = metrics.filter((name) => !known.has(name));
  return [...faults, ...unknown.map((name) => `nobody offers ${name}`)];
}

describe.each(BOARDS)("the dashboard $title", (board) => {
  const text = readFileSync(fileOf(board), "utf8");

  it("is written as panels.ts says, in the shape that Grafana imports", () => {
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
      for (const [expr] of queries) expect([title, faultsOf(expr, offered)]).toEqual([title, []]);
    }
  });
});

it("a metric that was renamed, and a query that is none, are found", () => {
  const expr = "sum by (task) (rate(kontor_job_failures_total[5m])) / max(kontor_jobs_waiting)";
  const renamed = new Set([...offered].filter((name) => name !== "kontor_jobs_waiting"));
  expect(faultsOf(expr, renamed)).toEqual(["nobody offers kontor_jobs_waiting"]);
  expect(faultsOf("sum by (task (up)", offered)).not.toEqual([]);
});

describe("alerts", () => {
  it.each(rules)("$alert asks in PromQL for metrics that there are", ({ expr }) => {
    expect(faultsOf(expr, offered)).toEqual([]);
    expect(readPromql(expr).metrics).not.toEqual([]);
  });

  it("say of everything that matters", () => {
    expect(rules.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining([
        "Down",
        "ManyErrors",
        "QueueOld",
        "BackupOld",
        "BackupUnproven",
        "DiskFull",
      ]),
    );
  });
});

describe("settings", () => {
  const compose = readCompose([readFileSync(path.join(ROOT, "docker-compose.yml"), "utf8")]);
  const hosts = Object.entries(compose.services).flatMap(([name, { networks }]) => [
    name,
    ...(Array.isArray(networks) ? [] : []),
  ]);
  const aliases = [
    ...readFileSync(path.join(ROOT, "docker-compose.yml"), "utf8").matchAll(
      /aliases: \[([\w-]+)\]/g,
    ),
  ].map((match) => match[1] ?? "");
  const known = new Set([...hosts, ...aliases, "127.0.0.1"]);

  it("name hosts that docker-compose.yml has", () => {
    const files = ["prometheus.yml", "datasources.yml", "config.alloy"];
    const asked = files.flatMap((file) => [
      ...readFileSync(here(file), "utf8").matchAll(/(?:http:\/\/|")([\w.-]+):\d{4,5}/g),
    ]);
    expect(asked.length).toBeGreaterThan(12);
    for (const [, host] of asked) expect(known).toContain(host);
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

/** Prometheus' own programs, where this machine has them: apt-get install prometheus. */
function has(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore", env: { PATH: readEnv().PATH } });
    return true;
  } catch {
    return false;
  }
}
const run = async (program: string, ...args: string[]) =>
  (await promisify(execFile)(program, args, { cwd: import.meta.dirname })).stdout;

describe.skipIf(!has("promtool"))("Prometheus' own tool", () => {
  it("takes the settings and the rules, and wakes somebody when it should", async () => {
    expect(await run("promtool", "check", "config", "prometheus.yml")).toContain("SUCCESS");
    expect(await run("promtool", "test", "rules", "rules.promtest.yml")).toContain("SUCCESS");
  });
});

describe.skipIf(!has("amtool"))("Alertmanager's own tool", () => {
  it("takes the settings that docker-compose.yml makes", async () => {
    const text = readFileSync(path.join(ROOT, "docker-compose.yml"), "utf8");
    const told: Record<string, string> = {
      SMTP_HOST: "smtp.trader.eu",
      MAIL_FROM: "no-reply@trader.eu",
      ALERTS_TO: "operator@trader.eu",
      SMTP_PASSWORD: 'a"b: #c',
    };
    const { configs } = z
      .object({ configs: z.object({ alertmanager: z.object({ content: z.string() }) }) })
      .loose()
      .parse(parse(text, { merge: true }));
    const filled = configs.alertmanager.content.replace(
      /\$\{(\w+)(?::[-?]([^}]*))?\}/g,
      (_whole, name: string, fallback = "") => told[name] ?? fallback,
    );
    const folder = mkdtempSync(path.join(tmpdir(), "kontor-alertmanager-"));
    try {
      const file = path.join(folder, "alertmanager.yml");
      writeFileSync(file, filled);
      expect(await run("amtool", "check-config", file)).toContain("SUCCESS");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
