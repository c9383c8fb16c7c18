/** Which settings production refuses, and that those that are generated are not among them. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { ROOT } from "../env.ts";
import { complete, fill, signKey } from "./generate_env.ts";
import { findFaults } from "./settings.ts";

const template = readFileSync(path.join(ROOT, ".env.production.example"), "utf8");
const told = {
  PORTAL_URL: "https://app.trader.eu",
  API_URL: "https://api.trader.eu",
  SMTP_HOST: "smtp.trader.eu",
  SMTP_PORT: "587",
  SMTP_USER: "post@trader.eu",
  SMTP_PASSWORD: "a/b+c d'",
  MAIL_FROM: "no-reply@trader.eu",
  ALERTS_TO: "operator@trader.eu",
  COMPOSE_PROFILES: "studio,pooler,minio,observability",
};
const good = (): Record<string, string> => ({ ...told, ...complete(told) });

describe("settings", () => {
  it("that were generated are taken, a hundred times", () => {
    for (let i = 0; i < 100; i += 1) expect(findFaults(good())).toEqual([]);
  });

  it("are kept by a second run, and written so that they are read as they were", () => {
    const first = { ...good(), SMTP_PASSWORD: "a/b+c d$x", SMTP_URL: "" };
    const written = fill(template, { ...first, ...complete(first) });
    const read = parseEnv(written);
    expect(findFaults(read)).toEqual([]);
    expect(complete(read)).toEqual(
      Object.fromEntries(Object.keys(complete(read)).map((n) => [n, read[n]])),
    );
    expect(() => fill(template, good())).toThrow("single quote");
  });

  it("of the example file are refused, each by its name", () => {
    const names = findFaults(parseEnv(template)).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "PORTAL_URL",
        "POSTGRES_PASSWORD",
        "JWT_SECRET",
        "ANON_KEY",
        "WEBHOOK_KEY",
      ]),
    );
  });

  const other = signKey("anon", "another-0123456789abcdefghijklmnopqrstuv");
  it.each([
    ["POSTGRES_PASSWORD", "p@ss/word:0123456789abcdefgh", "URL"],
    ["POSTGRES_PASSWORD", "your-super-secret-and-long-postgres-password", "example"],
    ["POSTGRES_PASSWORD", "abc", "at least 24"],
    ["POSTGRES_PASSWORD", "ababababababababababababababab", "repeats"],
    ["JWT_SECRET", "your-super-secret-jwt-token-with-at-least-32-characters-long", "example"],
    ["JWT_SECRET", "", "not set"],
    ["ANON_KEY", other, "JWT_SECRET"],
    ["ANON_KEY", "e30.e30.e30", "JWT_SECRET"],
    ["PORTAL_URL", "http://app.trader.eu", "https"],
    ["PORTAL_URL", "https://app.trader.eu/", "origin"],
    ["PORTAL_URL", "https://app.example.com", "example"],
    ["API_URL", "https://app.trader.eu", "two hosts"],
    ["SMTP_URL", "smtp://smtp.trader.eu:587", "SMTP_USER"],
    ["POOLER_VAULT_KEY", "", "not set"],
    ["MAIL_FROM", "Kontor", "address"],
    ["GRAFANA_PASSWORD", "admin", "at least 20"],
    ["ALERTS_TO", "", "not set"],
    ["ALERTS_TO", "nobody", "address"],
  ])("refuse %s = %s", (name, value, words) => {
    const faults = findFaults({ ...good(), [name]: value });
    expect(faults.find((fault) => fault.name === name)?.reason).toContain(words);
    if (value.length > 5) expect(JSON.stringify(faults)).not.toContain(value);
  });

  it("refuse keys with the wrong role, that run out, and one secret for two things", () => {
    const settings = good();
    const swapped = { ...settings, ANON_KEY: settings.SERVICE_ROLE_KEY ?? "" };
    expect(findFaults(swapped)).toEqual([{ name: "ANON_KEY", reason: "has not the role anon" }]);
    const later = new Date(Date.now() + 3650 * 86_400_000);
    expect(findFaults(settings, later).map(({ name }) => name)).toEqual([
      "ANON_KEY",
      "SERVICE_ROLE_KEY",
    ]);
    expect(findFaults({ ...settings, WEBHOOK_KEY: settings.JWT_SECRET ?? "" })).toEqual([
      { name: "WEBHOOK_KEY", reason: "is the same as JWT_SECRET" },
    ]);
  });
});
