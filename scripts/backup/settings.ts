/** What a backup is told, worked out from the environment. */
import { type ObjectStore, openObjectStore } from "../../tasks/s3.ts";
import { BackupError } from "./errors.ts";
import type { BackupVariables } from "./variables.ts";

/** The object store of the product's files. */
export type FilesStore = {
  readonly S3_ENDPOINT: string;
  readonly S3_REGION: string;
  readonly S3_BUCKET: string;
  readonly S3_ACCESS_KEY_ID: string;
  readonly S3_SECRET_ACCESS_KEY: string;
};

/** Where backups are. */
export type Vault = { readonly store: ObjectStore; readonly prefix: string };

export type Keep = { readonly daily: number; readonly weekly: number; readonly monthly: number };

/** Where programs of Postgres are looked for. */
export type ToolPlaces = { readonly pgDump: string | undefined; readonly path: string };

export type BackupSettings = {
  readonly databaseUrl: string;
  readonly recipients: readonly string[];
  readonly files: ObjectStore;
  readonly vault: Vault;
  readonly keep: Keep;
  readonly tools: ToolPlaces;
  /** Kontor's. */
  readonly version: string;
};

/** Opens the store of the backups: what BACKUP_S3_* leaves unsaid is as for the files. */
export function openVault(env: BackupVariables, files: FilesStore): Vault {
  const store = openObjectStore({
    S3_ENDPOINT: env.BACKUP_S3_ENDPOINT ?? files.S3_ENDPOINT,
    S3_REGION: env.BACKUP_S3_REGION ?? files.S3_REGION,
    S3_BUCKET: env.BACKUP_S3_BUCKET ?? files.S3_BUCKET,
    S3_ACCESS_KEY_ID: env.BACKUP_S3_ACCESS_KEY_ID ?? files.S3_ACCESS_KEY_ID,
    S3_SECRET_ACCESS_KEY: env.BACKUP_S3_SECRET_ACCESS_KEY ?? files.S3_SECRET_ACCESS_KEY,
  });
  return { store, prefix: env.BACKUP_PREFIX };
}

/**
 * Everything a backup needs.
 * @throws BackupError when nobody is named who could open it.
 */
export function backupSettings(
  env: BackupVariables,
  rest: { databaseUrl: string; files: FilesStore; path: string; version: string },
): BackupSettings {
  if (env.BACKUP_RECIPIENT === undefined) {
    throw new BackupError(
      "BACKUP_RECIPIENT is not set: make a key with `age-keygen` or `npm run restore -- keygen`, keep " +
        "it away from this machine, and set BACKUP_RECIPIENT to its public half (age1…)",
    );
  }
  return {
    databaseUrl: rest.databaseUrl,
    recipients: env.BACKUP_RECIPIENT,
    files: openObjectStore(rest.files),
    vault: openVault(env, rest.files),
    keep: {
      daily: env.BACKUP_KEEP_DAILY,
      weekly: env.BACKUP_KEEP_WEEKLY,
      monthly: env.BACKUP_KEEP_MONTHLY,
    },
    tools: { pgDump: env.PG_DUMP, path: rest.path },
    version: rest.version,
  };
}
