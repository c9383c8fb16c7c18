/** Whether supabase/migrations/, sql/ and supabase/types.ts say the same. */
import { ROOT } from "../env.ts";
import { buildPair, compare, diff } from "./compare.ts";
import { typesAreCurrent } from "./types_file.ts";

/**
 * Builds a database from each side and compares them with our fingerprint and with the supabase
 * CLI's diff: two pairs of eyes.
 * @param workdir the folder that holds `supabase/`; the repository's root when left out.
 * @returns what is wrong, a paragraph each, for people; empty when all agree.
 * @throws Error when a migration or a slice does not load.
 */
export async function findDrift(workdir: string = ROOT): Promise<string[]> {
  await using pair = await buildPair(workdir);
  const { migrated, sliced } = pair;
  const [found, statements, typed] = await Promise.all([
    compare(migrated, sliced),
    diff(migrated, sliced),
    typesAreCurrent(sliced.url("postgres")),
  ]);
  const problems: string[] = [];
  if (found.length > 0) {
    problems.push(
      "supabase/migrations/ and sql/ differ (- as migrated, + as in sql/); " +
        "run `npm run db:migration -- <name>`:",
      ...found,
    );
  }
  if (statements) problems.push(`the supabase CLI would write:\n${statements}`);
  if (!typed) problems.push("supabase/types.ts is out of date; run `npm run db:types`");
  return problems;
}
