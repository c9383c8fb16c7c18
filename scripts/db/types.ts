/** `npm run db:types`: writes supabase/types.ts from sql/. */
import { main } from "./main.ts";
import { loadSlices, startScratch } from "./scratch.ts";
import { readSlices } from "./slices.ts";
import { writeTypes } from "./types_file.ts";

await main(async () => {
  await using scratch = await startScratch();
  await loadSlices(scratch.url("postgres"), await readSlices());
  const changed = await writeTypes(scratch.url("postgres"));
  console.log(`supabase/types.ts ${changed ? "written" : "is up to date"}`);
});
