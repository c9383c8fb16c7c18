/** An upgrade of the database: nothing is applied before there is a backup that has proven itself. */
import type { Sql } from "postgres";
import { connect } from "../backup/connect.ts";
import { reasonOf } from "../backup/errors.ts";
import { brokenInvariants } from "../backup/invariants.ts";
import { migrate } from "../db/migrate.ts";
import { type MigrationFile, migrationState, readMigrations } from "../db/migration_files.ts";
import { ROOT } from "../env.ts";

export type Upgrade = {
  /** As the owner, postgres. */
  readonly databaseUrl: string;
  /** The folder that holds `supabase/`; the repository's root when left out. */
  readonly workdir?: string;
  /** Takes a backup and proves it; gives its id. Rejects when there is none now. */
  backup(): Promise<string>;
  /** Asks the running parts. Rejects with what is wrong. */
  smoke(): Promise<void>;
  say(line: string): void;
};

/** An upgrade that did not go through; the message says what was done and how to go back. */
export class UpgradeError extends Error {}

async function withDatabase<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = connect(url);
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** @throws UpgradeError when these files cannot follow what the database has. */
async function pendingOf({ databaseUrl, workdir = ROOT }: Upgrade): Promise<MigrationFile[]> {
  const files = await readMigrations(workdir);
  const { pending, unknown, changed } = await withDatabase(databaseUrl, (sql) =>
    migrationState(sql, files),
  );
  if (unknown.length > 0) {
    throw new UpgradeError(
      `the database was migrated by a newer version (${unknown.join(", ")}): upgrade to that one, ` +
        "or restore a backup of before. Nothing was changed",
    );
  }
  if (changed.length > 0) {
    throw new UpgradeError(
      `${changed.join(", ")} is not what was applied to this database: take the release's own files. ` +
        "Nothing was changed",
    );
  }
  return pending;
}

const wayBack = (id: string) =>
  "How to go back: the release before runs on this schema, so deploy it again. Only when the data itself is " +
  `wrong, stop worker, functions and auth, and restore the backup: \`npm run restore -- into <database> ${id} ` +
  "--overwrite` (scripts/backup/README.md).";

/**
 * Shows what is pending, takes a backup, applies, and looks at what came of it.
 * @returns the backup's id.
 * @throws UpgradeError saying what was done, and how to go back.
 */
export async function upgrade(order: Upgrade): Promise<string> {
  const { databaseUrl, workdir, say } = order;
  const pending = await pendingOf(order);
  say(pending.length === 0 ? "no migrations are pending" : "pending migrations:");
  for (const { file } of pending) say(`  ${file}`);

  const id = await order.backup().catch((error: unknown) => {
    throw new UpgradeError(`no backup, so nothing was changed: ${reasonOf(error)}`);
  });
  say(`backup ${id} is taken and proven`);

  const failed = (what: string) => new UpgradeError(`${what}\n${wayBack(id)}`);
  const applied = await migrate(databaseUrl, workdir).catch((error: unknown) => {
    throw failed(reasonOf(error));
  });
  for (const file of applied) say(`applied ${file}`);

  const broken = await withDatabase(databaseUrl, brokenInvariants).catch((error: unknown) => {
    throw failed(`the invariants could not be looked at: ${reasonOf(error)}`);
  });
  if (broken.length > 0) throw failed(`after the migrations: ${broken.join("; ")}`);
  say("totals, numbers and audit chains hold");

  await order.smoke().catch((error: unknown) => {
    throw failed(`the running parts do not get on with it: ${reasonOf(error)}`);
  });
  say("the running parts answer, and read");
  say(wayBack(id));
  return id;
}
