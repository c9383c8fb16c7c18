/** The alerts: in PromQL, of metrics that there are, and woken by what they should be. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ROOT, readEnv } from "../../env.ts";
import { readPromql } from "./promql.ts";
import { faultsOf, offered } from "./testing.ts";

const yaml = (file: string): unknown =>
  parse(readFileSync(path.join(import.meta.dirname, file), "utf8"));

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

let known: Set<string>;
beforeAll(async () => {
  known = await offered();
});

describe("alerts", () => {
  it.each(rules)("$alert asks in PromQL for metrics that there are", ({ expr }) => {
    expect(faultsOf(expr, known)).toEqual([]);
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
