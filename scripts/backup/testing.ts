/** For tests: a database of Kontor's on the oldest Postgres with the demo tenants in it, and a store. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import pino from "pino";
import { type FaultyStore, openFaultyStore } from "../../tasks/exports/testing_store.ts";
import { workerLogger } from "../../tasks/logger.ts";
import { prepareQueue } from "../../tasks/queue.ts";
import { openObjectStore } from "../../tasks/s3.ts";
import { migrate } from "../db/migrate.ts";
import { type Scratch, startScratch } from "../db/scratch.ts";
import { readEnv } from "../env.ts";
import { loadTenants } from "../stack/demo/load.ts";
import { OLDEST } from "../stack/postgres/binaries.ts";
import { using } from "./connect.ts";
import type { BackupSettings, FilesStore } from "./settings.ts";
import { findTools, type Tools } from "./tools.ts";

const PEOPLE = ["owner@acme", "admin@acme", "member@acme", "viewer@acme", "owner@globex"].map(
  (name) => `${name}.test`,
);
const PASSWORD = "of-the-drill";

/** Where this machine's programs are looked for. */
export const places = { pgDump: undefined, path: readEnv().PATH };

/** The programs for a major version of Postgres; undefined when this machine has none. */
export function toolsOf(major: number): Tools | undefined {
  try {
    return findTools(major, places);
  } catch {
    return undefined;
  }
}

export type Drill = AsyncDisposable & {
  readonly scratch: Scratch;
  /** The database as a superuser, as the worker, and as the functions. */
  readonly admin: string;
  readonly worker: string;
  readonly functions: string;
  /** Those that were applied. */
  readonly migrations: readonly string[];
  readonly s3: FaultyStore;
  readonly store: FilesStore;
  readonly settings: BackupSettings;
  /** The operator's key. */
  readonly identity: string;
  /** An object of a backup, past all faults of the store: <id>/<name>. */
  read(key: string): Promise<Uint8Array>;
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** One of the product's files. */
  writeFile(key: string, text: string): Promise<void>;
};

type Filled = {
  readonly scratch: Scratch;
  /** The database as the worker, and as the functions. */
  readonly worker: string;
  readonly functions: string;
  readonly migrations: readonly string[];
};

/** Starts the server and fills its database. */
export async function startFilled(): Promise<Filled> {
  const scratch = await startScratch(OLDEST);
  try {
    const migrations = await migrate(scratch.url("postgres"));
    const as = (login: string) => {
      const url = new URL(scratch.url("postgres"));
      url.username = login;
      url.password = PASSWORD;
      return url.href;
    };
    const worker = as("kontor_worker");
    await fill(scratch.url("supabase_admin"), worker);
    return { scratch, worker, functions: as("kontor_functions"), migrations };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

/** The same with a store for its backups, and an operator's key. */
export async function startDrill(): Promise<Drill> {
  const { scratch, worker, functions, migrations } = await startFilled();
  const s3 = await openFaultyStore();
  const dispose = async () => {
    await s3.close();
    await scratch[Symbol.asyncDispose]();
  };
  try {
    const identity = await generateX25519Identity();
    const place = {
      S3_ENDPOINT: s3.env.S3_ENDPOINT ?? "",
      S3_REGION: "us-east-1",
      S3_BUCKET: "kontor",
      S3_ACCESS_KEY_ID: s3.env.S3_ACCESS_KEY_ID ?? "",
      S3_SECRET_ACCESS_KEY: s3.env.S3_SECRET_ACCESS_KEY ?? "",
    };
    const store = openObjectStore(place);
    const where = (Key: string) => ({ Bucket: "kontor", Key: `backups/${Key}` });
    return {
      scratch,
      admin: scratch.url("supabase_admin"),
      worker,
      functions,
      migrations,
      s3,
      store: place,
      identity,
      settings: {
        databaseUrl: scratch.url("postgres"),
        recipients: [await identityToRecipient(identity)],
        files: store,
        vault: { store, prefix: "backups/" },
        keep: { daily: 7, weekly: 5, monthly: 12 },
        tools: places,
        version: "0.1.0",
      },
      async read(key) {
        const { Body } = await store.client.send(new GetObjectCommand(where(key)));
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      },
      async write(key, Body) {
        await store.client.send(new PutObjectCommand({ ...where(key), Body }));
      },
      async writeFile(Key, Body) {
        await store.client.send(new PutObjectCommand({ Bucket: "kontor", Key, Body }));
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function fill(admin: string, worker: string): Promise<void> {
  await using(admin, async (sql) => {
    // The rule set of the queue is its own program's, and its owner makes it.
    await sql.unsafe(
      `alter role kontor_worker password '${PASSWORD}'; alter role kontor_functions password '${PASSWORD}'`,
    );
    const people = new Map<string, string>();
    for (const email of [...PEOPLE, "both@example.test"]) {
      const id = randomUUID();
      people.set(email, id);
      await sql`insert into auth.users (id, email, raw_user_meta_data)
        values (${id}, ${email}, ${sql.json({ name: email })})`;
    }
    await using(worker, (own) => prepareQueue(worker, own, workerLogger(pino({ level: "warn" }))));
    await loadTenants(admin, people, new Date().setUTCHours(0, 0, 0, 0));
    await sql`select private.seal_audit(100000)`;
  });
}

/** A copy with one bit in its middle turned over. */
export function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

/** Puts another object in the place of one for as long as `work` takes. */
export async function instead(
  { read, write }: Drill,
  key: string,
  bytes: Uint8Array,
  work: () => Promise<void>,
): Promise<void> {
  const whole = await read(key);
  await write(key, bytes);
  try {
    await work();
  } finally {
    await write(key, whole);
  }
}

/** Mounts a disk that a second copy of the demo does not fit on; false where this login may not. */
export const mountSmall = (at: string): boolean =>
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", at]).status === 0;
