/**
 * The mails of auth_mails.ts as GoTrue takes them: Go templates, in which the account's own language
 * decides. GoTrue escapes what it puts in, as html/template does.
 */
import { AUTH_MAILS, type AuthMail, authSubject, renderAuthMail } from "./auth_mails.ts";
import type { Language } from "./formats.ts";

const VALUES = { code: "{{ .Token }}", newEmail: "{{ .NewEmail }}" };
const LINK = "{{ .ConfirmationURL }}";

/** `printf` takes whatever stands there, nothing included; `eq` alone would fail on a number. */
const byLanguage = (german: string, english: string) =>
  `{{ if eq (printf "%.2s" .Data.locale) "de" }}${german}{{ else }}${english}{{ end }}`;

/** Asked for at the portal's page, which takes the code, a mail names no other address to lead to. */
const unlessByCode = (linked: string, coded: string) =>
  `{{ if ne .RedirectTo .SiteURL }}${linked}{{ else }}${coded}{{ end }}`;

/** A subject, as GOTRUE_MAILER_SUBJECTS_… takes it. */
export function subjectTemplate(mail: AuthMail): string {
  return byLanguage(authSubject(mail, "de"), authSubject(mail, "en"));
}

/** A body, as it is served where GOTRUE_MAILER_TEMPLATES_… points. */
export async function bodyTemplate(mail: AuthMail): Promise<string> {
  const page = async (language: Language, url: string | null) =>
    (await renderAuthMail(mail, language, { ...VALUES, url })).html;
  const of = async (language: Language) => {
    if (mail === "reauthentication") return await page(language, null);
    if (mail !== "recovery") return await page(language, LINK);
    return unlessByCode(await page(language, LINK), await page(language, null));
  };
  return `${byLanguage(await of("de"), await of("en"))}\n`;
}

/** The part of supabase/config.toml that names subjects and files. */
export function configToml(): string {
  return AUTH_MAILS.map(
    (mail) =>
      `[auth.email.template.${mail}]\nsubject = '${subjectTemplate(mail)}'\n` +
      `content_path = "./supabase/templates/${mail}.html"\n`,
  ).join("\n");
}

/** The same as GoTrue's environment; the files are served by the portal, below its address. */
export function gotrueEnv(): string {
  const lines = AUTH_MAILS.flatMap((mail) => [
    `GOTRUE_MAILER_SUBJECTS_${mail.toUpperCase()}='${subjectTemplate(mail)}'`,
    `GOTRUE_MAILER_TEMPLATES_${mail.toUpperCase()}=/auth/mails/${mail}.html`,
  ]);
  return `${lines.join("\n")}\n`;
}
