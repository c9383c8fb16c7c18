/** A mail server of a test's own: it keeps what it takes, and refuses what it is told to refuse. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

export type Caught = { readonly from: string; readonly to: string[]; readonly source: string };

export type MailCatcher = {
  readonly url: string;
  readonly mails: readonly Caught[];
  /** How often each Message-ID arrived. */
  copies(): Map<string, number>;
  /** The answer's code for a receiver, or for a whole mail by its source; 0 to take it. */
  refuse: { receiver(address: string): number; mail(source: string): number };
  /** How long a mail's answer takes, in milliseconds. */
  delay: { mail(source: string): number };
  close(): Promise<void>;
};

/** Opens one on a free port. */
export async function catchMail(): Promise<MailCatcher> {
  const mails: Caught[] = [];
  const refuse: MailCatcher["refuse"] = { receiver: () => 0, mail: () => 0 };
  const delay: MailCatcher["delay"] = { mail: () => 0 };
  const refusal = (code: number) =>
    Object.assign(new Error(`refused by the test`), { responseCode: code });
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    onRcptTo({ address }, _session, done) {
      const code = refuse.receiver(address);
      done(code ? refusal(code) : null);
    },
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const source = Buffer.concat(parts).toString("utf8");
        const code = refuse.mail(source);
        if (code) {
          done(refusal(code));
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          source,
        });
        setTimeout(done, delay.mail(source));
      });
    },
  });
  server.on("error", () => {});
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    copies() {
      const count = new Map<string, number>();
      for (const { source } of mails) {
        const id = /^Message-ID: (\S+)/im.exec(source)?.[1] ?? "none";
        count.set(id, (count.get(id) ?? 0) + 1);
      }
      return count;
    },
    refuse,
    delay,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
