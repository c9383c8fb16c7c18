import { z } from "zod";
import { MissingTools, reasonOf } from "../scripts/backup/errors.ts";
import { runBackup } from "../scripts/backup/run.ts";
import { backupSettings } from "../scripts/backup/settings.ts";
import { readEnv } from "./env.ts";
import { PermanentError } from "./errors.ts";
import { defineTask } from "./task.ts";

/**
 * Backs the database up and proves the backup (scripts/backup/), where BACKUP_RECIPIENT says for whom.
 * What became of it is in private.backups, whichever way it ends.
 */
export const backUp = defineTask({
  payload: z.object({}),
  async run(_payload, { signal, log }) {
    const env = readEnv();
    if (env.BACKUP_RECIPIENT === undefined) return;
    // The worker's own login reads next to nothing.
    if (env.BACKUP_DATABASE_URL === undefined) {
      throw new PermanentError("BACKUP_RECIPIENT is set, and BACKUP_DATABASE_URL is not.");
    }
    const settings = backupSettings(env, {
      databaseUrl: env.BACKUP_DATABASE_URL,
      files: env,
      path: env.PATH,
      version: env.KONTOR_VERSION,
    });
    const outcome = await runBackup(settings, { signal }).catch((error: unknown) => {
      if (error instanceof MissingTools) throw new PermanentError(error.message);
      throw new Error(reasonOf(error), { cause: error });
    });
    const { manifest, bytes, damaged, forgotten } = outcome;
    log.info({ backup: manifest.id, bytes, forgotten }, "backed up and proven");
    if (damaged.length > 0) log.error({ damaged }, "earlier backups are damaged");
  },
});
