/** The environment's variables of backups, for the worker and for the scripts. */
import { z } from "zod";

const keep = (fallback: number) => z.coerce.number().int().min(0).max(1_000).default(fallback);

/** The variables of backups, to be spread into an environment's schema. */
export const backupVariables = {
  /** age public keys (age1…), with commas between them. */
  BACKUP_RECIPIENT: z
    .string()
    .transform((text) => text.split(",").map((key) => key.trim()))
    .pipe(z.array(z.string().regex(/^age1[0-9a-z]+$/, "must be public keys of age, age1…")))
    .optional(),
  /** A login that reads everything and may create databases; the worker's own may not. */
  BACKUP_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "must be a postgres:// address")
    .optional(),
  /** Each is that of the files' own store when unset. */
  BACKUP_S3_ENDPOINT: z.url().optional(),
  BACKUP_S3_REGION: z.string().min(1).optional(),
  BACKUP_S3_BUCKET: z.string().min(1).optional(),
  BACKUP_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  BACKUP_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  BACKUP_PREFIX: z
    .string()
    .regex(/^[\w/-]*[\w-]\/$/, "must end with a slash, as backups/ does")
    .default("backups/"),
  BACKUP_KEEP_DAILY: keep(7),
  BACKUP_KEEP_WEEKLY: keep(5),
  BACKUP_KEEP_MONTHLY: keep(12),
  /** A pg_dump (pg_restore stands beside it); looked for when unset. */
  PG_DUMP: z.string().min(1).optional(),
} as const;

const variables = z.object(backupVariables);
export type BackupVariables = z.infer<typeof variables>;
