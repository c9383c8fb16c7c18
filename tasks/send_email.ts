/**
 * Sends a mail of the log.
 *
 * SMTP knows no idempotency: after the line that ends a mail the server has it, and there is no way
 * to ask. So the log says that a mail is handed over in the moment before that line goes out, and
 * what a worker that died left behind is told apart: not handed over, the server cannot have taken it
 * and it is sent again; handed over, it is taken for sent, and the log says that the answer is not
 * known. What remains: a worker that dies between the two writes, microseconds apart, and a server
 * that refuses a mail whose sender died before it heard, leave a mail unsent that the log calls sent
 * without an answer; a connection lost after that line leads to another attempt, as RFC 5321 has it.
 * Every attempt carries the same Message-ID, by which mailboxes know a repetition.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Sql } from "postgres";
import { z } from "zod";
import { formatsOf } from "./emails/formats.ts";
import { type Rendered, render } from "./emails/layout.ts";
import type { Attachment, Tenant } from "./emails/message.ts";
import { messages } from "./emails/messages.ts";
import { type MailServer, openMailServer } from "./emails/smtp.ts";
import { type Env, readEnv } from "./env.ts";
import { PermanentError } from "./errors.ts";
import { defineTask } from "./task.ts";

type Email = {
  readonly id: string;
  readonly template: string;
  readonly recipient: string;
  readonly params: unknown;
  readonly note: string | null;
  readonly requested_by: string | null;
  readonly handed_over: boolean;
  readonly tenant: Tenant & { readonly is_deleted: boolean };
};

type Status = "queued" | "sent" | "failed";

const UNHEARD =
  "The mail server was given the whole mail; the worker died before it heard the answer.";
const UNWANTED = "What this mail is about is gone, so it was not sent.";

let server: MailServer | undefined;

export const sendEmail = defineTask({
  payload: z.object({ tenant_id: z.guid(), email_id: z.guid() }),
  // Nothing is sent for them, and the log says why.
  forDeletedTenants: true,
  async run({ tenant_id, email_id }, { sql, job, log, signal }) {
    const [row] = await sql<{ email: Email | null }[]>`
      select private.begin_email(${tenant_id}, ${email_id}) as email`;
    const email = row?.email;
    if (!email) return;
    const finish = (status: Status, response: string) => sql`
      select private.finish_email(${tenant_id}, ${email_id}, ${status}, ${response})`;
    if (email.handed_over) {
      await finish("sent", UNHEARD);
      return;
    }
    let response: string | null;
    try {
      response = await send(sql, email, signal);
    } catch (error) {
      const reason = refusalOf(error) ?? error;
      const last = reason instanceof PermanentError || job.attempts >= job.max_attempts;
      const words = reason instanceof Error ? reason.message : String(reason);
      await finish(last ? "failed" : "queued", words);
      log.warn({ email_id, attempt: job.attempts, reason: words }, "a mail could not be sent");
      throw reason;
    }
    await finish(response === null ? "failed" : "sent", response ?? UNWANTED);
  },
});

/** Gives the server's answer; null when the mail is not wanted any more. */
async function send(sql: Sql, email: Email, signal: AbortSignal): Promise<string | null> {
  if (email.tenant.is_deleted) throw new PermanentError("The tenant was deleted.");
  const env = readEnv();
  const mail = await write(sql, email, env, signal);
  if (mail === null) return null;
  server ??= openMailServer(env.SMTP_URL);
  const from = env.MAIL_FROM ?? `no-reply@${mailHost(env.PORTAL_URL)}`;
  return await server.deliver(
    {
      ...mail,
      messageId: `${email.id}@${from.slice(from.lastIndexOf("@") + 1)}`,
      from: { name: oneLine(email.tenant.name), address: from },
      to: checkedAddress(email.recipient),
      replyTo: address.safeParse(email.tenant.email).data ?? null,
    },
    () => handOver(sql, email),
  );
}

type Written = Rendered & { readonly attachments: readonly Attachment[] };

async function write(
  sql: Sql,
  { template, params, tenant, requested_by: person, note }: Email,
  env: Env,
  signal: AbortSignal,
): Promise<Written | null> {
  const message = messages.get(template);
  if (!message) throw new PermanentError(`There is no mail called ${template}.`);
  const formats = formatsOf(tenant);
  const portal = env.PORTAL_URL.replace(/\/+$/, "");
  const source = { sql, tenant, person, note, portal, gotenberg: env.GOTENBERG_URL, signal };
  const content = await message.compose(params, source, formats);
  if (content === null) return null;
  const rendered = await render(
    { ...content, subject: oneLine(content.subject) },
    { tenant: oneLine(tenant.name), language: formats.language },
  );
  return { ...rendered, attachments: content.attachments ?? [] };
}

/**
 * Records that the mail is handed over. Resolves in the turn of the event loop in which the commit
 * is written, not when it is answered: the mail's last line goes out right behind it.
 */
async function handOver(sql: Sql, { id, tenant }: Email): Promise<void> {
  const connection = await sql.reserve();
  try {
    await connection`begin`;
    await connection`select private.hand_over_email(${tenant.id}, ${id})`;
  } catch (error) {
    connection.release();
    throw error;
  }
  const release = () => connection.release();
  connection`commit`.execute().then(release, release);
  // The driver writes at the end of this turn; by the next tick it has said so, and we come after.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  await turn();
}

const address = z.email();

/** @throws PermanentError for what SMTP would not take, a line end above all. */
function checkedAddress(text: string): string {
  const { data } = address.safeParse(text);
  if (data === undefined) throw new PermanentError(`${oneLine(text)} is not an e-mail address.`);
  return data;
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** A bare address, as of the stack on one's own machine, is nowhere for mail to come from. */
function mailHost(portal: string): string {
  const { hostname } = new URL(portal);
  return /^[\d.]+$|^\[|^localhost$/.test(hostname) ? "kontor.test" : hostname;
}

/** A refusal by the database's own rules stays one, however often it is tried. */
function refusalOf(error: unknown): PermanentError | undefined {
  const isRefusal =
    error instanceof Error && "code" in error && /^PT40[34]$/.test(String(error.code));
  if (!isRefusal) return undefined;
  const detail = "detail" in error ? String(error.detail) : error.message;
  return new PermanentError(detail, { cause: error });
}
