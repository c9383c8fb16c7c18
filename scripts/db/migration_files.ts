/** supabase/migrations/: what files there are, and what a database says it has applied. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Sql } from "postgres";
import { ROOT } from "../env.ts";

export type MigrationFile = {
  readonly version: string;
  readonly file: string;
  readonly sql: string;
};

const FILE_NAME = /^(\d{14})_\w+\.sql$/;

/**
 * The migrations of a project in the order they apply.
 * @throws Error on a `.sql` file whose name the CLI would pass over.
 */
export async function readMigrations(workdir: string = ROOT): Promise<MigrationFile[]> {
  const folder = path.join(workdir, "supabase", "migrations");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return await Promise.all(
    names.map(async (file) => {
      const version = FILE_NAME.exec(file)?.[1];
      if (!version) {
        throw new Error(`${file}: a migration's name is <14 digits>_<words>.sql`);
      }
      return { version, file, sql: await readFile(path.join(folder, file), "utf8") };
    }),
  );
}

/** Text without what the CLI drops when it splits a file into statements: blanks and semicolons. */
const essence = (sql: string) => sql.replace(/[\s;]+/g, "");

export type MigrationState = {
  /** Files that were not applied yet. */
  readonly pending: MigrationFile[];
  /** Versions the database has and the folder has not: it was migrated by a newer checkout. */
  readonly unknown: string[];
  /** Files that say something else now than when they were applied. */
  readonly changed: string[];
};

/** Compares the folder with what the database recorded; one query. */
export async function migrationState(
  sql: Sql,
  files: readonly MigrationFile[],
): Promise<MigrationState> {
  const recorded = await sql<{ version: string; statements: string[] | null }[]>`
    select version, statements from supabase_migrations.schema_migrations`.catch(
    (error: unknown) => {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      // No such table or schema: nothing was ever applied here.
      if (code === "42P01" || code === "3F000") return [];
      throw error;
    },
  );
  const applied = new Map(recorded.map(({ version, statements }) => [version, statements]));
  const known = new Set(files.map(({ version }) => version));
  return {
    pending: files.filter(({ version }) => !applied.has(version)),
    unknown: [...applied.keys()].filter((version) => !known.has(version)).sort(),
    changed: files
      .filter(({ version, sql: text }) => {
        const statements = applied.get(version);
        // `migration repair` records a version without its statements.
        if (!statements?.length) return false;
        return essence(text) !== essence(statements.join(""));
      })
      .map(({ file }) => file),
  };
}
