/** The conversation with the mail server. */
import { createTransport } from "nodemailer";
import MailComposer from "nodemailer/lib/mail-composer";
import { inSpan } from "../../functions/_shared/telemetry/tracing.ts";
import { PermanentError } from "../errors.ts";
import { HeldMessage } from "./held_message.ts";
import type { Rendered } from "./layout.ts";
import type { Attachment } from "./message.ts";

/** Some providers close the door on more. */
const CONNECTIONS = 5;
const TIMEOUTS = { connectionTimeout: 15_000, greetingTimeout: 15_000, socketTimeout: 60_000 };

type Address = { readonly name: string; readonly address: string };

export type Mail = Rendered & {
  /** Without its angle brackets. */
  readonly messageId: string;
  readonly from: Address;
  readonly to: string;
  /** Where answers go; null: to `from`. */
  readonly replyTo: string | null;
  readonly attachments: readonly Attachment[];
};

export type MailServer = {
  /**
   * Hands a mail in and gives the server's answer.
   * @param beforeEnd awaited when the server has all of it but the line that ends it: until then a
   * mail is never accepted, from then on it may be.
   * @throws PermanentError with the server's words when it will never take this mail; any other
   * error when it may later.
   */
  deliver(mail: Mail, beforeEnd: () => Promise<void>): Promise<string>;
};

/** @param url smtp:// or smtps://, with name and password where they are asked for. */
export function openMailServer(url: string): MailServer {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: CONNECTIONS,
    maxRequeues: 1,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...TIMEOUTS,
  });
  transport.use("stream", ({ data, message }, done) => {
    const { raw } = data;
    if (raw instanceof HeldMessage) message.createReadStream = () => raw;
    done();
  });
  return {
    async deliver(mail, beforeEnd) {
      const source = await compose(mail);
      try {
        const { response } = await inSpan("smtp send", { kind: "client" }, () =>
          transport.sendMail({
            envelope: { from: mail.from.address, to: [mail.to] },
            raw: new HeldMessage(source, beforeEnd),
          }),
        );
        return response;
      } catch (error) {
        throw isRefusal(error) ? new PermanentError(error.message, { cause: error }) : error;
      }
    },
  };
}

/** Addresses go in as objects, never as text: nodemailer encodes names and refuses line ends. */
function compose(mail: Mail): Promise<Buffer> {
  const { messageId, from, to, replyTo, subject, text, html, attachments } = mail;
  return new MailComposer({
    messageId: `<${messageId}>`,
    from,
    to: { name: "", address: to },
    ...(replyTo === null ? {} : { replyTo: { name: "", address: replyTo } }),
    subject,
    text,
    html,
    attachments: attachments.map(({ name, contentType, bytes }) => ({
      filename: name,
      contentType,
      content: Buffer.from(bytes),
    })),
    // No out-of-office answers to something that nobody reads.
    headers: { "Auto-Submitted": "auto-generated" },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build();
}

/** The mail itself or its receiver was refused, for good. A wrong password is the operator's to mend. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error) || !("code" in error)) return false;
  const answer = "responseCode" in error ? Number(error.responseCode) : 0;
  const aboutThisMail = error.code === "EENVELOPE" || error.code === "EMESSAGE";
  return aboutThisMail && (answer >= 500 || !answer);
}
