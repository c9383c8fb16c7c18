/** Takes a backup: the database at one moment, its roles, and the list of the files in the store. */
import { Readable } from "node:stream";
import { connect } from "./connect.ts";
import { BackupError } from "./errors.ts";
import { MANIFEST, type Manifest, writeManifest } from "./manifest.ts";
import { rolesAsSql } from "./roles.ts";
import { seal } from "./seal.ts";
import type { BackupSettings } from "./settings.ts";
import { schemasOf, sumsOf } from "./tables.ts";
import { start, type Tools } from "./tools.ts";
import { objectsUnder, store } from "./vault.ts";

export type Source = { readonly id: string; readonly postgres: string; readonly tools: Tools };

/**
 * Writes all parts and, last, the manifest.
 * @param recipients who can open it; besides the operator's keys that of the proof.
 * @throws BackupError, or the store's error; then there is no manifest, and so no backup.
 */
export async function dump(
  settings: BackupSettings,
  { id, postgres: version, tools }: Source,
  recipients: readonly string[],
  signal?: AbortSignal,
): Promise<Manifest> {
  const { databaseUrl, vault, files } = settings;
  const sql = connect(databaseUrl);
  try {
    return await sql.begin("isolation level repeatable read read only", async (tx) => {
      const [moment] = await tx<{ snapshot: string }[]>`select pg_export_snapshot() as snapshot`;
      const schemas = await schemasOf(tx);
      if (!schemas.includes("private")) {
        throw new BackupError("this database is not Kontor's: it has no schema private");
      }
      const program = start(
        tools.dump,
        [
          "--format=custom",
          "--compress=0",
          `--snapshot=${moment?.snapshot}`,
          "--no-unlogged-table-data",
          "--lock-wait-timeout=60s",
          ...schemas.map((schema) => `--schema=${schema}`),
        ],
        databaseUrl,
        signal,
      );
      const [database, tables] = await allOrFirstFailure([
        seal(program.stdout, recipients).then((bytes) =>
          store(vault, id, "database.dump.zst.age", bytes, { settled: program.ended, signal }),
        ),
        sumsOf(tx, schemas),
      ]);
      const roles = await store(
        vault,
        id,
        "roles.sql.zst.age",
        await seal(Readable.from([Buffer.from(await rolesAsSql(tx))]), recipients),
        { signal },
      );
      const counted = { count: 0, bytes: 0 };
      async function* inventory() {
        for await (const { Key, Size = 0, ETag, LastModified } of objectsUnder(files, "")) {
          if (Key?.startsWith(vault.prefix)) continue;
          counted.count += 1;
          counted.bytes += Size;
          yield Buffer.from(
            `${JSON.stringify({ key: Key, bytes: Size, etag: ETag, at: LastModified })}\n`,
          );
        }
      }
      const listed = await store(
        vault,
        id,
        "files.ndjson.zst.age",
        await seal(Readable.from(inventory()), recipients),
        { signal },
      );
      const migrations = schemas.includes("supabase_migrations")
        ? await tx<{ version: string }[]>`
            select version from supabase_migrations.schema_migrations order by version`
        : [];
      const extensions = await tx<Manifest["extensions"]>`
        select extname as name, nspname as schema
        from pg_extension e join pg_namespace n on n.oid = extnamespace
        where extname <> 'plpgsql' order by extname`;
      const manifest: Manifest = {
        format: 1,
        id,
        made_at: new Date().toISOString(),
        versions: {
          kontor: settings.version,
          postgres: version,
          pg_dump: tools.version,
          migrations: migrations.map((one) => one.version),
        },
        schemas,
        extensions: [...extensions],
        tables,
        files: counted,
        parts: { database, roles, files: listed },
      };
      const text = Readable.from([Buffer.from(writeManifest(manifest))]);
      await store(vault, id, MANIFEST, text, { signal });
      return manifest;
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Like Promise.all, but waits for all: what still runs would go on behind the back of who cleans up. */
async function allOrFirstFailure<A, B>([a, b]: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}
