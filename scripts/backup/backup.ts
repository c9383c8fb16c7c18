/**
 * `npm run backup`: backs the database up, encrypted, and proves the backup by restoring it into a
 * scratch database. See README.md here.
 */
import { readEnv } from "../env.ts";
import { reasonOf } from "./errors.ts";
import { settingsOf } from "./place.ts";
import { runBackup } from "./run.ts";

const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => stopping.abort(new Error("it was asked to stop")));
}

try {
  const options = { signal: stopping.signal, say: (text: string) => console.log(text) };
  const { manifest, damaged, forgotten } = await runBackup(settingsOf(readEnv()), options);
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  console.log(
    `${manifest.id}: proven: ${rows.toLocaleString("en")} rows of ${manifest.tables.length} tables, ` +
      "restored and equal; totals, numbers and audit chains hold",
  );
  for (const id of forgotten) console.log(`${id}: deleted, its time is over`);
  for (const reason of damaged) console.error(`an earlier backup is damaged: ${reason}`);
  if (damaged.length > 0) process.exitCode = 1;
} catch (error) {
  console.error(`no backup: ${reasonOf(error)}`);
  process.exitCode = 1;
}
