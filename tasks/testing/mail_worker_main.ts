/** A worker whose mails go by another name, so that the stack's own leaves them to it. */
import { sendEmail } from "../send_email.ts";
import { work } from "../worker.ts";

await work({ schedule: [], registry: { [process.env.TEST_TASK ?? "test_mail"]: sendEmail } });
