/**
 * `npm run audit:verify`: walks every tenant's chain of audit entries and names those that are not as
 * they were sealed. The running stack's database, or DATABASE_URL's, with a login that reads everything.
 *
 *   --tenant <id>     one chain only
 *   --heads <file>    compares with the chains' ends kept there, and keeps those of now if all is well
 *   --json            the report as JSON
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { using } from "../backup/connect.ts";
import { main } from "../db/main.ts";
import { readEnv } from "../env.ts";
import { readStackFile, stackFile } from "../stack/stack_file.ts";
import { checkChains, type Report } from "./check.ts";
import { readHeads, writeHeads } from "./heads.ts";

function databaseUrl(): string {
  const env = readEnv();
  if (env.DATABASE_URL !== undefined) return env.DATABASE_URL;
  const file = stackFile(env.KONTOR_DATA_DIR);
  if (!existsSync(file)) {
    throw new Error(
      "no stack is running on this data folder: run `npm start`, or set DATABASE_URL",
    );
  }
  return readStackFile(file).database_url;
}

function lines({ chains, gone, unsealed, seconds }: Report): string[] {
  const checked = chains.reduce((sum, chain) => sum + chain.checked, 0);
  const rate = Math.round(checked / Math.max(seconds, 0.001)).toLocaleString("en");
  const since = unsealed.since === null ? "" : `, the oldest of ${unsealed.since.toISOString()}`;
  return [
    ...chains.flatMap(({ tenant_id, faults }) =>
      faults.map(
        ({ kind, position, id, what }) =>
          `${tenant_id}: ${kind} at ${position}${id === null ? "" : `, entry ${id}`}: ${what}`,
      ),
    ),
    ...gone.map((id) => `${id}: missing: its whole chain`),
    `${checked.toLocaleString("en")} entries of ${chains.length} chains checked in ${seconds.toFixed(1)} s (${rate}/s)`,
    `${unsealed.count.toLocaleString("en")} not sealed yet${since}`,
  ];
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      tenant: { type: "string" },
      heads: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const { tenant = null, heads: file } = values;
  const heads = file === undefined ? {} : readHeads(file);
  const report = await using(databaseUrl(), (sql) => checkChains(sql, { tenant, heads }));
  const { chains, gone, unsealed, seconds } = report;
  const isWhole = gone.length === 0 && chains.every(({ faults }) => faults.length === 0);
  if (values.json) {
    const shown = chains.map(({ tenant_id, checked, faults }) => ({ tenant_id, checked, faults }));
    console.log(
      JSON.stringify({ whole: isWhole, chains: shown, gone, unsealed, seconds }, null, 2),
    );
  } else {
    console.log(lines(report).join("\n"));
    console.log(isWhole ? "every chain is whole" : "NOT every chain is whole");
  }
  if (!isWhole) process.exitCode = 1;
  else if (file !== undefined) {
    await writeHeads(
      file,
      heads,
      chains.map(({ chain }) => chain),
    );
  }
});
