/** A worker whose mails go by another name, its argument, so that the stack's own leaves them to it. */
import { sendEmail } from "../send_email.ts";
import { work } from "../worker.ts";

const [, , task] = process.argv;
if (task === undefined) throw new Error("the first argument is what sending a mail is called");
await work({ schedule: [], registry: { [task]: sendEmail } });
