import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Answer, PASSWORD, signUp, stack } from "../../scripts/stack/testing.ts";
import { problem } from "../_shared/contracts/common.ts";
import { Browser, freshEmail, namedFields } from "./browser.ts";

const refusal = ({ status, body }: Answer) => [status, problem.parse(body).code];
const listed = z.object({ messages: z.array(z.object({ id: z.string() })) });
const mail = z.object({ subject: z.string(), text: z.string() });

/** The mails in the mailbox to one address. */
async function mailsTo(email: string) {
  const { mail_url } = stack();
  const list = await fetch(`${mail_url}/api/messages?to=${encodeURIComponent(email)}`);
  return await Promise.all(
    listed.parse(await list.json()).messages.map(async ({ id }) =>
      mail.parse(await (await fetch(`${mail_url}/api/messages/${id}`)).json())
    ),
  );
}

async function codeFor(email: string): Promise<string> {
  const asked = await new Browser().ask("/auth/recover", { body: { email } });
  expect(asked.status).toBe(202);
  const [newest] = await mailsTo(email);
  return /code: (\d+)/i.exec(newest?.text ?? "")?.[1] ?? "";
}

describe("a forgotten password", () => {
  test("is replaced with the code from the mail, which works once and signs in", async () => {
    const { email } = await signUp();
    const code = await codeFor(email);
    const password = "quite another passphrase";
    const browser = new Browser();
    const changed = await browser.ask("/auth/reset", { body: { email, code, password } });
    expect(changed.status).toBe(200);
    expect((await browser.ask("/auth/session")).status).toBe(200);

    const again = await new Browser().ask("/auth/reset", { body: { email, code, password } });
    expect([...refusal(again), ...namedFields(again)]).toEqual([422, "validation_failed", "code"]);
    const old = await new Browser().ask("/auth/signin", { body: { email, password: PASSWORD } });
    expect(refusal(old)).toEqual([401, "invalid_credentials"]);
    const renewed = await new Browser().ask("/auth/signin", { body: { email, password } });
    expect(renewed.status).toBe(200);
  });

  test("says the same of an unknown address, and sends nothing there", async () => {
    const email = freshEmail();
    const asked = await new Browser().ask("/auth/recover", { body: { email } });
    expect([asked.status, asked.body]).toEqual([202, ""]);
    expect(await mailsTo(email)).toEqual([]);
  });

  test("keeps its password when the code is wrong or another's", async () => {
    const [ada, eve] = [await signUp(), await signUp()];
    const evesCode = await codeFor(eve.email);
    await codeFor(ada.email);
    for (const code of [evesCode, "000000"]) {
      const refused = await new Browser().ask("/auth/reset", {
        body: { email: ada.email, code, password: "chosen by somebody else" },
      });
      expect(refusal(refused)).toEqual([422, "validation_failed"]);
    }
    const { status } = await new Browser().ask("/auth/signin", {
      body: { email: ada.email, password: PASSWORD },
    });
    expect(status).toBe(200);
  });
});
