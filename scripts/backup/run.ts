/** One whole cycle: take a backup, prove it, look at an earlier one again, forget what is too old. */
import { setTimeout as sleep } from "node:timers/promises";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import type { Sql } from "postgres";
import { abortUnfinished } from "../../tasks/exports/upload.ts";
import { connect } from "./connect.ts";
import { dump } from "./dump.ts";
import { BackupError, reasonOf } from "./errors.ts";
import { type Manifest, majorOf } from "./manifest.ts";
import { dropLeftovers, prove } from "./prove.ts";
import { expired, nameOf, timeOf } from "./retention.ts";
import type { BackupSettings, Vault } from "./settings.ts";
import { findTools } from "./tools.ts";
import { checkParts, manifestOf, remove, storedBackups } from "./vault.ts";

const DAY_MS = 86_400_000;

export type Outcome = {
  readonly manifest: Manifest;
  readonly bytes: number;
  /** Of all kept ones, those whose objects are not what they were, each with why. */
  readonly damaged: readonly string[];
  readonly forgotten: readonly string[];
};

type Options = { readonly signal?: AbortSignal; readonly say?: (text: string) => void };

/**
 * Takes a backup and proves it.
 * @throws BackupError when there is none now, or it does not hold; it is recorded in private.backups.
 */
export async function runBackup(settings: BackupSettings, options: Options = {}): Promise<Outcome> {
  // One connection: the lock is its session's.
  const sql = connect(settings.databaseUrl);
  try {
    const [server] = await sql<{ version: string; free: boolean }[]>`
      select current_setting('server_version') as version,
        pg_try_advisory_lock(hashtextextended('kontor backup', 0)) as free`;
    if (!server?.free) {
      throw new BackupError("another backup of this database is running; nothing was done");
    }
    await sql`
      update private.backups set state = 'failed', ended_at = now(), reason = 'It was interrupted.'
      where state = 'running'`;
    const id = await begin(sql);
    try {
      const tools = findTools(majorOf(server.version), settings.tools);
      return await cycle(sql, settings, { id, postgres: server.version, tools }, options);
    } catch (error) {
      await sql`
        update private.backups set state = 'failed', ended_at = now(), reason = ${reasonOf(error)}
        where id = ${id}`.catch(() => {});
      throw error;
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Records that one begins. It is named after its second: two of one second would be the same. */
async function begin(sql: Sql): Promise<string> {
  for (;;) {
    const [{ now } = { now: new Date() }] = await sql<
      { now: Date }[]
    >`select clock_timestamp() as now`;
    const id = nameOf(now);
    const { count } = await sql`
      insert into private.backups (id) values (${id}) on conflict (id) do nothing`;
    if (count > 0) return id;
    await sleep(250);
  }
}

async function cycle(
  sql: Sql,
  settings: BackupSettings,
  source: Parameters<typeof dump>[1],
  { signal, say = () => {} }: Options,
): Promise<Outcome> {
  const { vault, databaseUrl } = settings;
  const { id, tools } = source;
  await dropLeftovers(sql);
  // Known to nobody, and forgotten with this process: so the proof reads what is stored, as the operator
  // would, without their key.
  const identity = await generateX25519Identity();
  const recipients = [...settings.recipients, await identityToRecipient(identity)];
  const manifest = await dump(settings, source, recipients, signal);
  const bytes = Object.values(manifest.parts).reduce((sum, part) => sum + part.bytes, 0);
  say(`${id}: ${bytes} bytes stored, ${manifest.tables.length} tables; proving it`);
  await checkParts(vault, manifest);
  await prove(databaseUrl, { vault, manifest, identity, tools, signal });
  await sql`
    update private.backups set state = 'proven', ended_at = now(), bytes = ${bytes} where id = ${id}`;
  const damaged = await lookAgain(sql, vault, id);
  const forgotten = await forget(sql, settings, id);
  return { manifest, bytes, damaged, forgotten };
}

/**
 * Looks whether the kept backups are still what they were: all at each cycle by their manifests and
 * presence, the one before this and one other, in turn, byte by byte.
 */
async function lookAgain(sql: Sql, vault: Vault, newest: string): Promise<string[]> {
  const { complete } = await storedBackups(vault);
  const earlier = complete.filter((id) => id !== newest && timeOf(id) !== undefined);
  const turn = Math.floor(Date.now() / DAY_MS) % Math.max(1, earlier.length);
  const whole = new Set([earlier.at(-1), earlier[turn]]);
  const damaged: string[] = [];
  for (const id of earlier) {
    try {
      const manifest = await manifestOf(vault, id);
      if (whole.has(id)) await checkParts(vault, manifest);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error; // the store did not answer: says nothing of it
      damaged.push(error.message);
      await sql`
        update private.backups set state = 'damaged', reason = ${error.message} where id = ${id}`;
    }
  }
  const gone = await sql<{ id: string }[]>`
    update private.backups set state = 'damaged', reason = 'It is not in the store any more.'
    where state = 'proven' and not (id = any(${complete})) returning id`;
  return [...damaged, ...gone.map(({ id }) => `${id} is not in the store any more`)];
}

/** Deletes what the numbers to keep leave out, and what was begun a day ago and never finished. */
async function forget(
  sql: Sql,
  { vault, keep }: BackupSettings,
  newest: string,
): Promise<string[]> {
  const { complete, unfinished } = await storedBackups(vault);
  const damaged = await sql<{ id: string }[]>`
    select id from private.backups where state = 'damaged'`;
  const bad = new Set(damaged.map(({ id }) => id));
  // A damaged one takes no good one's place; it goes when its time is over.
  const good = complete.filter((id) => !bad.has(id));
  const dayAgo = new Date(Date.now() - DAY_MS);
  const old = [
    ...expired(good, keep),
    ...expired(complete, keep).filter((id) => bad.has(id)),
    ...unfinished.filter((id) => (timeOf(id)?.getTime() ?? Date.now()) < dayAgo.getTime()),
  ].filter((id) => id !== newest);
  for (const id of old) await remove(vault, id);
  await abortUnfinished(vault.store, { prefix: vault.prefix, begunBefore: dayAgo });
  await sql`delete from private.backups where id = any(${old})
    or (state in ('failed', 'damaged') and started_at < now() - interval '90 days')`;
  return old;
}
