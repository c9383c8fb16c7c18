/** The mail part: an SMTP server that catches every mail, and a page on MAIL_PORT that shows them. */
import path from "node:path";
import { getRequestListener } from "@hono/node-server";
import type { SMTPServer } from "smtp-server";
import { StackError } from "../errors.ts";
import type { Part, StackContext } from "../part.ts";
import { httpPart } from "./http_part.ts";
import { createSmtpServer } from "./mail_smtp.ts";
import { openMailStore } from "./mail_store.ts";
import { createMailWeb } from "./mail_web.ts";

function listenSmtp(smtp: SMTPServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new StackError(`mail: ${error.message}`));
    smtp.once("error", failed);
    smtp.listen(port, "127.0.0.1", () => {
      smtp.off("error", failed);
      resolve();
    });
  });
}

/** Makes the part. */
export function createMail(ctx: StackContext): Part {
  return httpPart({
    name: "mail",
    needs: [],
    port: ctx.ports.mail,
    probe: "/style.css",
    open: async () => {
      const store = await openMailStore(path.join(ctx.dataDir, "mail"));
      const smtp = createSmtpServer(store, (text) => ctx.log("mail", text));
      await listenSmtp(smtp, ctx.ports.smtp);
      return {
        listener: getRequestListener(createMailWeb(store, ctx.ports.mail).fetch),
        close: () => new Promise((resolve) => smtp.close(() => resolve())),
      };
    },
  });
}
