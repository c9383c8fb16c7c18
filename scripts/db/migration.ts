/**
 * `npm run db:migration -- <name>`: writes the next migration. `npm run db:migration -- --initial`:
 * rewrites the first one as long as it is the only one.
 */
import { parseArgs } from "node:util";
import { writeInitial, writeNext } from "./generate.ts";
import { main } from "./main.ts";
import { readMigrations } from "./migration_files.ts";

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { initial: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [name] = positionals;
  if (values.initial || (await readMigrations()).length === 0) {
    console.log(`supabase/migrations/${await writeInitial()} written`);
    return;
  }
  if (!name) throw new Error("usage: npm run db:migration -- <name> (or --initial)");
  const written = await writeNext(name);
  if (!written) {
    console.log("supabase/migrations/ and sql/ agree: no migration is needed");
    return;
  }
  console.log(`supabase/migrations/${written.file} written`);
  console.log("read it before you commit it: it may drop what you meant to rename");
  if (written.left.length === 0) return;
  throw new Error(
    [
      "add by hand what the CLI does not write (- as migrated, + as in sql/):",
      ...written.left,
    ].join("\n\n"),
  );
});
