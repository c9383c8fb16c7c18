/** The mails of the embedded auth server: what they say and where their links lead. */
import type { App, EmailDriver } from "@supabase/lite";
import { html } from "hono/html";

type Mailer = NonNullable<App["_mailer"]>;

type Text = { subject: string; intro: string; action: string };

const TEXTS = {
  signup: {
    subject: "Confirm your address",
    intro: "Welcome to Kontor. Confirm that this address is yours.",
    action: "Confirm address",
  },
  recovery: {
    subject: "Choose a new password",
    intro: "Someone, probably you, asked for a new password. If it was not you, ignore this mail.",
    action: "Choose a new password",
  },
  magiclink: {
    subject: "Your sign-in link",
    intro: "Open this link to sign in. It works once, for an hour.",
    action: "Sign in",
  },
  email_change: {
    subject: "Confirm your new address",
    intro: "Someone, probably you, asked to change the address of your account.",
    action: "Confirm the change",
  },
} as const satisfies Record<string, Text>;

type Link = { url: string; label: string } | undefined;

function page(intro: string, link: Link, code: string) {
  return html`<!doctype html>
<html lang="en">
  <body style="margin:0;padding:32px 16px;background:#f4f5f7;font-family:system-ui,sans-serif;color:#17202a">
    <div style="max-width:480px;margin:0 auto;padding:32px;background:#fff;border-radius:12px">
      <p style="margin:0 0 24px;font-size:18px;font-weight:700">Kontor</p>
      <p style="margin:0 0 24px;line-height:1.5">${intro}</p>
      ${
        link
          ? html`<p style="margin:0 0 24px"><a href="${link.url}" style="display:inline-block;padding:12px 20px;background:#1d4ed8;color:#fff;border-radius:8px;text-decoration:none;font-weight:600">${link.label}</a></p>`
          : ""
      }
      <p style="margin:0 0 8px;color:#5b6673">${link ? "Or enter this code:" : "Enter this code:"}</p>
      <p style="margin:0;font-size:24px;font-weight:700;letter-spacing:4px">${code}</p>
    </div>
  </body>
</html>`;
}

/**
 * Makes the mailer.
 * @param origin where /auth/v1 is served to browsers; the library would take the portal's.
 * @param redirectTo the `redirect_to` of the request under way, if it named one; whether it is
 * allowed is checked when the link is opened.
 */
export function createMailer(
  driver: EmailDriver,
  origin: string,
  redirectTo: () => string | undefined,
): Mailer {
  const send = async (to: string, subject: string, intro: string, link: Link, code: string) => {
    const lines = [intro, ...(link ? [`${link.label}: ${link.url}`] : []), `Code: ${code}`];
    const body = String(await page(intro, link, code));
    await driver.send({ to, subject: `${subject} · Kontor`, text: lines.join("\n\n"), html: body });
  };
  const withLink =
    (kind: keyof typeof TEXTS): Mailer["sendRecovery"] =>
    async (email, token, otp, meta) => {
      const { subject, intro, action } = TEXTS[kind];
      const url = new URL("/auth/v1/verify", origin);
      url.searchParams.set("token", meta?.tokenHash ?? token);
      url.searchParams.set("type", kind);
      const target = redirectTo() ?? meta?.redirectTo;
      if (target) url.searchParams.set("redirect_to", target);
      await send(email, subject, intro, { url: url.href, label: action }, otp);
    };
  const recoveryLink = withLink("recovery");
  return {
    sendConfirmation: withLink("signup"),
    // The portal's own page takes the code, and a followed link would use it up.
    sendRecovery: (email, token, otp, meta) =>
      redirectTo() === undefined
        ? send(email, TEXTS.recovery.subject, TEXTS.recovery.intro, undefined, otp)
        : recoveryLink(email, token, otp, meta),
    sendMagicLink: withLink("magiclink"),
    sendEmailChange: withLink("email_change"),
    sendReauthentication: (email, otp) =>
      send(email, "Your code", "Confirm that it is you.", undefined, otp),
  };
}
