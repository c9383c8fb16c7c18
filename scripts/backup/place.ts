/** Where the commands work: the running stack's database and store, or those of the environment. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { type ObjectStore, openObjectStore } from "../../tasks/s3.ts";
import { type Env, ROOT } from "../env.ts";
import { readStackFile, type Stack, stackFile } from "../stack/stack_file.ts";
import { BackupError } from "./errors.ts";
import {
  type BackupSettings,
  backupSettings,
  type FilesStore,
  openVault,
  type Vault,
} from "./settings.ts";

function running(env: Env, variables: string): Stack {
  const file = stackFile(env.KONTOR_DATA_DIR);
  if (existsSync(file)) return readStackFile(file);
  throw new BackupError(
    `no stack is running on this data folder: run \`npm start\`, or set ${variables}`,
  );
}

/** The live database. @throws BackupError when none is known. */
export function databaseOf(env: Env): string {
  return env.BACKUP_DATABASE_URL ?? env.DATABASE_URL ?? running(env, "DATABASE_URL").database_url;
}

function filesOf(env: Env): FilesStore {
  const { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = env;
  if (S3_ENDPOINT && S3_ACCESS_KEY_ID && S3_SECRET_ACCESS_KEY) {
    return { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY };
  }
  const { s3 } = running(env, "S3_ENDPOINT, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY");
  return {
    S3_ENDPOINT: s3.endpoint,
    S3_REGION: s3.region,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.access_key_id,
    S3_SECRET_ACCESS_KEY: s3.secret_access_key,
  };
}

/** Where the files are. @throws BackupError when no store is known. */
export const openFiles = (env: Env): ObjectStore => openObjectStore(filesOf(env));

/** Where the backups are. @throws BackupError when no store is known. */
export const vaultOf = (env: Env): Vault => openVault(env, filesOf(env));

/** All that a backup needs. @throws BackupError naming what is missing. */
export function settingsOf(env: Env): BackupSettings {
  const file = readFileSync(path.join(ROOT, "package.json"), "utf8");
  return backupSettings(env, {
    databaseUrl: databaseOf(env),
    files: filesOf(env),
    path: env.PATH,
    version: z.object({ version: z.string() }).parse(JSON.parse(file)).version,
  });
}

/** The private key in BACKUP_IDENTITY's file. @throws BackupError when there is none. */
export function identityOf({ BACKUP_IDENTITY: file }: Env): string {
  if (file === undefined) {
    throw new BackupError("BACKUP_IDENTITY is not set: the file with the private key of age");
  }
  if (!existsSync(file)) throw new BackupError(`BACKUP_IDENTITY: there is no file ${file}`);
  const key = /^AGE-SECRET-KEY-\S+$/m.exec(readFileSync(file, "utf8"))?.[0];
  if (!key)
    throw new BackupError(`BACKUP_IDENTITY: ${file} holds no key of age (AGE-SECRET-KEY-…)`);
  return key;
}
