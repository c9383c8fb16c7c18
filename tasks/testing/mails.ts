/** Mails of the log for tests, done by workers of their own: see mail_worker_main.ts. */
import { randomUUID } from "node:crypto";
import { owner, type TestTenant } from "../../scripts/stack/testing.ts";
import { type SpawnedWorker, spawnWorker } from "./spawn_worker.ts";

/** What sending a mail is called in this test file: workers of others leave its mails alone. */
const TASK = `test_mail_${randomUUID()}`;

/** Starts a worker that sends them. */
export const startMailWorker = (env: Record<string, string>): Promise<SpawnedWorker> =>
  spawnWorker({ program: "tasks/testing/mail_worker_main.ts", args: [TASK], env });

type Mail = {
  template?: string;
  params?: Record<string, string>;
  note?: string;
  maxAttempts?: number;
};

/** Puts mails into the log and their jobs into the queue; answers the mails' ids. */
export async function post(
  tenant: TestTenant,
  recipients: readonly string[],
  {
    template = "webhook_disabled",
    params = { url: "https://x.test/", reason: "503" },
    note,
    maxAttempts = 12,
  }: Mail = {},
): Promise<string[]> {
  const sql = owner();
  const rows = await sql<{ id: string }[]>`
    with made as (
      insert into public.emails (tenant_id, template, recipient, params, requested_by, note)
      select ${tenant.id}, ${template}, recipient, ${sql.json(params)}, ${tenant.owner.id},
        ${note ?? null}
      from unnest(${recipients}::text[]) as recipient
      returning id
    ), queued as (
      select private.enqueue_many(${tenant.id}, ${TASK},
        (select array_agg(jsonb_build_object('email_id', id)) from made), ${maxAttempts})
    )
    select id from made, queued`;
  return rows.map(({ id }) => id);
}

/** What the log says of a mail. */
export async function logOf(id: string) {
  const [row] = await owner()<
    { status: string; response: string; sent_at: Date | null; handed_over_at: Date | null }[]
  >`select status, response, sent_at, handed_over_at from public.emails where id = ${id}`;
  return row;
}

/** What the queue says of it; nothing once it is done. */
export async function jobOf(email: string) {
  const [row] = await owner()`
    select attempts, max_attempts, last_error from graphile_worker._private_jobs
    where payload ->> 'email_id' = ${email}`;
  return row;
}

/** Takes what the tests left out of the queue. */
export async function forgetJobs(): Promise<void> {
  await owner()`
    delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t
    where t.id = j.task_id and t.identifier = ${TASK}`;
}
