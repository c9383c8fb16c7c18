/** Which licences and which known faults stop a change. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../env.ts";
import { readAdvisories } from "./advisories.ts";
import { licenceFaults, licensesOf, summaryOf } from "./licences.ts";

const lock: unknown = JSON.parse(readFileSync(path.join(ROOT, "package-lock.json"), "utf8"));

describe("licences", () => {
  it("of all production packages are allowed", () => {
    const packages = licensesOf(lock);
    expect(packages.length).toBeGreaterThan(300);
    expect(licenceFaults(packages)).toEqual([]);
    expect(summaryOf(packages)).toMatch(/^MIT \d+, /);
  });

  it.each([
    ["AGPL-3.0-only", "is under AGPL-3.0-only"],
    ["GPL-3.0-or-later", "is under GPL-3.0-or-later"],
    ["MIT AND GPL-2.0-only", "is under MIT AND GPL-2.0-only"],
    ["SEE LICENSE IN terms.txt", "is under SEE LICENSE"],
    ["UNLICENSED", "is under UNLICENSED"],
    ["", "no licence that it names"],
  ])("%j is refused by name", (license, words) => {
    const packages = licensesOf({ packages: { "node_modules/x": { version: "1.0.0", license } } });
    expect(licenceFaults(packages).join()).toContain("node_modules/x@1.0.0");
    expect(licenceFaults(packages).join()).toContain(words);
  });

  it("a choice is as good as its best, and what only development needs is not asked", () => {
    const either = { version: "1.0.0", license: "(MIT OR GPL-3.0-or-later)" };
    const tool = { version: "1.0.0", license: "GPL-3.0-only", dev: true };
    const packages = licensesOf({
      packages: { "": {}, "node_modules/a": either, "node_modules/b": tool },
    });
    expect(packages).toHaveLength(1);
    expect(licenceFaults(packages)).toEqual([]);
  });
});

describe("known faults", () => {
  const of = (severity: string) =>
    JSON.stringify({
      vulnerabilities: { undici: { severity, range: "<8.13.0", fixAvailable: true } },
      metadata: {},
    });

  it.each(["high", "critical"])("%s ones are named", (severity) => {
    expect(readAdvisories(of(severity))).toEqual({
      faults: [`undici <8.13.0: ${severity}, mended in a newer version`],
    });
  });

  it("lesser ones stop nothing", () => {
    expect(readAdvisories(of("moderate"))).toEqual({ faults: [] });
  });

  it.each([
    ['{"message": "405 Method Not Allowed", "error": {}}', "405 Method Not Allowed"],
    ["", "it did not answer"],
    ["[]", "it did not answer"],
  ])("a registry that cannot be asked is said, and stops nothing: %s", (json, unknown) => {
    expect(readAdvisories(json)).toEqual({ unknown });
  });
});
