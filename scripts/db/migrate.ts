/** Brings a database to the state of supabase/migrations/ with the supabase CLI's own command. */
import postgres from "postgres";
import { ROOT } from "../env.ts";
import { migrationState, readMigrations } from "./migration_files.ts";
import { splitPassword } from "./split_password.ts";
import { supabase } from "./supabase_cli.ts";

/** A database that cannot be brought up to date; the message names the file and Postgres' reason. */
export class MigrationError extends Error {}

/** The CLI's report without its own chatter: from the failing file's name on. */
function reason(report: string): string {
  const lines = report
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line && !/^(Target:|Confirmed by|Try rerunning|[│▲●◇■])/u.test(line));
  const last = lines.findLastIndex((line) => line.startsWith("Applying migration "));
  const file = /^Applying migration (\S+?)\.{3}$/.exec(lines[last] ?? "")?.[1];
  const rest = lines.slice(last + 1);
  // The statement can be a whole function: its beginning is enough to find it.
  const text = (rest.length > 12 ? [...rest.slice(0, 12), "…"] : rest).join("\n");
  return file ? `migration ${file} failed, nothing of it was applied:\n${text}` : text;
}

/**
 * Applies what is missing, in order, each file in a transaction of its own. A database that is up
 * to date costs one query and no CLI.
 * @param databaseUrl the owner (role postgres); its password is kept out of process lists.
 * @param workdir the folder that holds `supabase/`; the repository's root when left out.
 * @returns the files that were applied.
 * @throws MigrationError when a migration fails, or the database was migrated by other files.
 */
export async function migrate(databaseUrl: string, workdir: string = ROOT): Promise<string[]> {
  const files = await readMigrations(workdir);
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  const { pending, unknown, changed } = await migrationState(sql, files).finally(() =>
    sql.end({ timeout: 5 }),
  );
  if (unknown.length > 0) {
    throw new MigrationError(
      `this database was migrated by a newer version (it has ${unknown.join(", ")}); ` +
        "use that version, or another database",
    );
  }
  if (changed.length > 0) {
    throw new MigrationError(
      `${changed.join(", ")} changed after it was applied to this database; take the file back ` +
        "as it was, or start over with an empty database (npm run reset)",
    );
  }
  if (pending.length === 0) return [];
  const { code, stdout, stderr } = await supabase(
    ["migration", "up", `--remote=${splitPassword(databaseUrl).url}`],
    databaseUrl,
    workdir,
  );
  if (code !== 0) throw new MigrationError(reason(`${stderr}\n${stdout}`));
  return pending.map(({ file }) => file);
}
