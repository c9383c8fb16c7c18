/** The SMTP side of the mail catcher: it takes every mail and sends none on. */
import type { Readable } from "node:stream";
import { SMTPServer } from "smtp-server";
import type { MailStore } from "./mail_store.ts";

/** The largest mail taken: 25 MiB. */
const MAX_BYTES = 25 * 1024 * 1024;
const MAX_CLIENTS = 50;

/** An error with the code that SMTP answers. */
function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** Reads on after the limit, as SMTP needs it, but keeps nothing of what is too large. */
async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size <= MAX_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > MAX_BYTES) throw smtpError(552, "The mail is larger than 25 MiB");
  return Buffer.concat(chunks);
}

/** Makes the server; it listens when told to. @param log takes one line of JSON. */
export function createSmtpServer(store: MailStore, log: (text: string) => void): SMTPServer {
  const server = new SMTPServer({
    name: "kontor.test",
    banner: "Kontor mail catcher",
    size: MAX_BYTES,
    maxClients: MAX_CLIENTS,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    closeTimeout: 1000,
    onData(stream, session, callback) {
      const { mailFrom, rcptTo } = session.envelope;
      const to = rcptTo.map(({ address }) => address);
      collect(stream)
        .then((source) => store.add(source, { from: mailFrom ? mailFrom.address : "", to }))
        .then(
          ({ id }) => callback(null, `kept as ${id}`),
          (error: Error & { responseCode?: number }) => {
            log(JSON.stringify({ level: "error", error: error.message }));
            callback(error.responseCode ? error : smtpError(452, "The mail could not be stored"));
          },
        );
    },
  });
  server.on("error", (error: Error) =>
    log(JSON.stringify({ level: "warn", error: error.message })),
  );
  return server;
}
