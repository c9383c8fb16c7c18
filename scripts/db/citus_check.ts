/**
 * `npm run db:citus-check`: whether the schema could be spread over machines by tenant with Citus, table by
 * table, with what would have to change. It builds a database from sql/ and reads its catalogue; Citus itself
 * is not asked. See scripts/production/SCALING.md.
 */
import { readCatalogue } from "./citus_catalogue.ts";
import { judge, type Placement, type Verdict } from "./citus_rules.ts";
import { main } from "./main.ts";
import { loadSlices, startScratch, using } from "./scratch.ts";
import { readSlices } from "./slices.ts";

const TITLES: Readonly<Record<Placement, string>> = {
  distributed: "Distributed by tenant_id",
  reference: "Reference tables, a copy on every machine",
  local: "Left on the coordinator",
};

function section(placement: Placement, verdicts: readonly Verdict[]): string {
  const lines = verdicts.flatMap(({ table, changes, notes }) => [
    `  ${table.padEnd(34)}${changes.length === 0 ? "ready" : "needs change"}`,
    ...changes.map((change) => `      - ${change}`),
    ...notes.map((note) => `        ${note}`),
  ]);
  return [TITLES[placement], ...lines].join("\n");
}

await main(async () => {
  await using scratch = await startScratch();
  await loadSlices(scratch.url("postgres"), await readSlices());
  const { verdicts, crossing } = judge(await using(scratch.url("postgres"), readCatalogue));
  for (const placement of ["distributed", "reference", "local"] as const) {
    console.log(
      `${section(
        placement,
        verdicts.filter((one) => one.placement === placement),
      )}\n`,
    );
  }
  console.log("Functions that ask every tenant at once (allowed, on all machines, and slower)");
  for (const name of crossing) console.log(`  ${name}`);
  const ready = verdicts.filter(({ changes }) => changes.length === 0).length;
  console.log(
    `\n${verdicts.length} tables: ${ready} ready, ${verdicts.length - ready} need a change`,
  );
});
