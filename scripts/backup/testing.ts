/** For tests: a database of Kontor's on the oldest Postgres, with the demo tenants in it. */
import { randomUUID } from "node:crypto";
import pino from "pino";
import { workerLogger } from "../../tasks/logger.ts";
import { prepareQueue } from "../../tasks/queue.ts";
import { migrate } from "../db/migrate.ts";
import { type Scratch, startScratch } from "../db/scratch.ts";
import { loadTenants } from "../stack/demo/load.ts";
import { OLDEST } from "../stack/postgres/binaries.ts";
import { using } from "./connect.ts";

const PEOPLE = ["owner@acme", "admin@acme", "member@acme", "viewer@acme", "owner@globex"].map(
  (name) => `${name}.test`,
);

/** Starts the server and fills its database; the migrations that were applied come along. */
export async function startFilled(): Promise<{ scratch: Scratch; migrations: string[] }> {
  const scratch = await startScratch(OLDEST);
  try {
    const migrations = await migrate(scratch.url("postgres"));
    await using(scratch.url("supabase_admin"), async (sql) => {
      // The rule set of the queue is its own program's, and its owner makes it.
      await sql`alter role kontor_worker password 'of-the-drill'`;
      const people = new Map<string, string>();
      for (const email of [...PEOPLE, "both@example.test"]) {
        const id = randomUUID();
        people.set(email, id);
        await sql`insert into auth.users (id, email, raw_user_meta_data)
          values (${id}, ${email}, ${sql.json({ name: email })})`;
      }
      const worker = new URL(scratch.url("postgres"));
      worker.username = "kontor_worker";
      worker.password = "of-the-drill";
      await using(worker.href, (own) =>
        prepareQueue(worker.href, own, workerLogger(pino({ level: "warn" }))),
      );
      const midnight = new Date().setUTCHours(0, 0, 0, 0);
      await loadTenants(scratch.url("supabase_admin"), people, midnight);
      await sql`select private.seal_audit(100000)`;
    });
    return { scratch, migrations };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}
