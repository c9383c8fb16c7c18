/**
 * `npm run restore -- …`: what backups there are, whether they are whole, and back into a database.
 *
 *   list                                   every backup, oldest first
 *   verify <id>                            each object against the manifest; with a key, opened as well
 *   files <id>                             the files in the store against the backup's list of them
 *   into <database url> <id> [--overwrite] the whole database, into an empty one
 *   --tenant <slug> <id> [--overwrite]     one tenant's rows, into the live database
 *   keygen                                 a new pair of keys
 *
 * `latest` is an id, too.
 */
import { parseArgs } from "node:util";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { type Env, readEnv } from "../env.ts";
import { BackupError, reasonOf } from "./errors.ts";
import { compareFiles } from "./files.ts";
import { restoreInto } from "./into.ts";
import { databaseOf, identityOf, openFiles, vaultOf } from "./place.ts";
import type { Vault } from "./settings.ts";
import { restoreTenant } from "./tenant.ts";
import { manifestOf, storedBackups } from "./vault.ts";
import { verify } from "./verify.ts";

const USAGE = `npm run restore -- list
npm run restore -- verify <id>
npm run restore -- files <id>
npm run restore -- into <database url> <id> [--overwrite]
npm run restore -- --tenant <slug> <id> [--overwrite]
npm run restore -- keygen`;

async function list(vault: Vault): Promise<void> {
  const { complete, unfinished } = await storedBackups(vault);
  for (const id of complete) {
    try {
      const { versions, tables, parts } = await manifestOf(vault, id);
      const bytes = Object.values(parts).reduce((sum, part) => sum + part.bytes, 0);
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      const size = `${(bytes / 1e6).toFixed(1)} MB`.padStart(12);
      console.log(
        `${id} ${size}  ${rows.toLocaleString("en")} rows, Kontor ${versions.kontor}, Postgres ${versions.postgres}`,
      );
    } catch (error) {
      console.log(`${id}  ${reasonOf(error)}`);
    }
  }
  for (const id of unfinished) console.log(`${id}  unfinished`);
  if (complete.length + unfinished.length === 0) console.log("there are no backups");
}

async function keygen(): Promise<void> {
  const identity = await generateX25519Identity();
  console.log(`# public key, for BACKUP_RECIPIENT: ${await identityToRecipient(identity)}`);
  console.log("# keep this file away from the server; BACKUP_IDENTITY names it for a restore");
  console.log(identity);
}

async function idOf(vault: Vault, given: string | undefined): Promise<string> {
  if (given === undefined) throw new BackupError(`which backup?\n${USAGE}`);
  if (given !== "latest") return given;
  const latest = (await storedBackups(vault)).complete.at(-1);
  if (latest === undefined) throw new BackupError("there are no backups");
  return latest;
}

async function restore(env: Env, args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { tenant: { type: "string" }, overwrite: { type: "boolean", default: false } },
  });
  const [command, ...rest] = positionals;
  const order = async (databaseUrl: string, id: string | undefined) => {
    const vault = vaultOf(env);
    return {
      vault,
      id: await idOf(vault, id),
      databaseUrl,
      identity: identityOf(env),
      tools: { pgDump: env.PG_DUMP, path: env.PATH },
      overwrite: values.overwrite,
    };
  };
  if (values.tenant !== undefined) {
    const asked = { ...(await order(databaseOf(env), command)), slug: values.tenant };
    const { manifest, rows, shared, keptAudit } = await restoreTenant(asked);
    console.log(
      `${values.tenant} is as it was in ${manifest.id}: ${rows} rows, and ${shared} of people who were gone; ` +
        "no other tenant's row changed",
    );
    if (keptAudit) console.log("its audit log was kept, with all that came since");
  } else if (command === "keygen") await keygen();
  else if (command === "list") await list(vaultOf(env));
  else if (command === "verify") {
    const vault = vaultOf(env);
    const id = await idOf(vault, rest[0]);
    const identity = env.BACKUP_IDENTITY === undefined ? undefined : identityOf(env);
    await verify(vault, id, identity);
    const how = identity === undefined ? "" : ", and each opens with this key";
    console.log(`${id}: every object is as it was stored${how}`);
  } else if (command === "files") {
    const vault = vaultOf(env);
    const id = await idOf(vault, rest[0]);
    const { count, faults } = await compareFiles(vault, id, identityOf(env), openFiles(env));
    for (const fault of faults) console.error(fault);
    if (faults.length > 0) process.exitCode = 1;
    const equal = count - faults.length;
    console.log(`${id}: ${equal} of ${count} files are in the store as they were`);
  } else if (command === "into" && rest[0] !== undefined && URL.canParse(rest[0])) {
    const { manifest, aside } = await restoreInto(await order(rest[0], rest[1]));
    console.log(`${manifest.id} is restored, and equal to its manifest`);
    if (aside.length > 0) console.log(`what was there is kept in the schemas ${aside.join(", ")}`);
  } else throw new BackupError(USAGE);
}

try {
  await restore(readEnv(), process.argv.slice(2));
} catch (error) {
  console.error(reasonOf(error));
  process.exitCode = 1;
}
