/** The mails of the embedded auth server: who gets which, and where their links lead. */
import type { App, EmailDriver } from "@supabase/lite";
import { type AuthMail, languageOf, renderAuthMail } from "../../../tasks/emails/auth_mails.ts";

type Mailer = NonNullable<App["_mailer"]>;
type Meta = NonNullable<Parameters<Mailer["sendEmailChange"]>[3]>;

/** What opens a link: GoTrue's names for the kinds of tokens. */
const TYPES = {
  confirmation: "signup",
  recovery: "recovery",
  magic_link: "magiclink",
  email_change: "email_change",
} as const satisfies Partial<Record<AuthMail, string>>;

type Settings = {
  readonly driver: EmailDriver;
  /** Where /auth/v1 is served to browsers; the library would take the portal's. */
  readonly origin: string;
  /**
   * The `redirect_to` of the request under way, if it named one; whether it is allowed is checked when
   * the link is opened.
   */
  redirectTo(): string | undefined;
  /** What the account says its own language is. */
  localeOf(userId: string): Promise<unknown>;
};

/** Makes the mailer. */
export function createMailer({ driver, origin, redirectTo, localeOf }: Settings): Mailer {
  const send = async (
    mail: AuthMail,
    to: string,
    { url, code, meta }: { url: string | null; code: string; meta: Meta | undefined },
  ) => {
    const language = languageOf(meta?.userId ? await localeOf(meta.userId) : undefined);
    const newEmail = meta?.newEmail ?? to;
    await driver.send({ to, ...(await renderAuthMail(mail, language, { url, code, newEmail })) });
  };
  const link = (mail: keyof typeof TYPES, token: string, meta: Meta | undefined) => {
    const url = new URL("/auth/v1/verify", origin);
    url.searchParams.set("token", token);
    url.searchParams.set("type", TYPES[mail]);
    const target = redirectTo() ?? meta?.redirectTo;
    if (target) url.searchParams.set("redirect_to", target);
    return url.href;
  };
  const withLink =
    (mail: keyof typeof TYPES): Mailer["sendRecovery"] =>
    (email, token, code, meta) =>
      send(mail, email, { url: link(mail, meta?.tokenHash ?? token, meta), code, meta });
  return {
    sendConfirmation: withLink("confirmation"),
    // The portal's own page takes the code, and a followed link would use it up.
    sendRecovery: (email, token, code, meta) =>
      redirectTo() === undefined
        ? send("recovery", email, { url: null, code, meta })
        : withLink("recovery")(email, token, code, meta),
    sendMagicLink: withLink("magic_link"),
    sendEmailChange: withLink("email_change"),
    sendReauthentication: (email, code, meta) =>
      send("reauthentication", email, { url: null, code, meta }),
  };
}
