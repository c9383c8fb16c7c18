/** Licences and known faults of the packages that production runs with; --list prints the licences. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { askAdvisories } from "./advisories.ts";
import { licenceFaults, licensesOf, summaryOf } from "./licences.ts";

const root = path.resolve(import.meta.dirname, "../..");
const packages = licensesOf(JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")));

if (process.argv.includes("--list")) {
  for (const { name, licence } of packages) console.log(`${licence.padEnd(20)} ${name}`);
  console.log(`\n${summaryOf(packages)}`);
} else {
  const faults = licenceFaults(packages);
  const advisories = await askAdvisories(root);
  if ("unknown" in advisories) {
    console.log(`warning: known faults of packages were not asked for: ${advisories.unknown}`);
  } else faults.push(...advisories.faults);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}
