/**
 * `npm run db:check`: fails when supabase/migrations/ and sql/ do not make the same database, or
 * supabase/types.ts is not that database's.
 */
import { buildPair, compare, diff } from "./compare.ts";
import { typesAreCurrent } from "./types_file.ts";

await using pair = await buildPair();
const { migrated, sliced } = pair;
const [found, statements, typed] = await Promise.all([
  compare(migrated.url("supabase_admin"), sliced.url("supabase_admin")),
  diff(migrated, sliced),
  typesAreCurrent(sliced.url("postgres")),
]);
if (found.length > 0) {
  console.error("supabase/migrations/ and sql/ differ (- as migrated, + as in sql/):\n");
  console.error(found.join("\n\n"));
}
if (statements) console.error(`\nthe supabase CLI's statements for it:\n\n${statements}`);
if (found.length > 0 || statements) {
  console.error("\nwrite the migration with `npm run db:migration -- <name>`");
  process.exitCode = 1;
}
if (!typed) {
  console.error("supabase/types.ts is out of date: run `npm run db:types`");
  process.exitCode = 1;
}
if (process.exitCode !== 1) console.log("migrations, slices and types agree");
