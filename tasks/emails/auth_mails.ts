/**
 * What Supabase Auth's own mails say. The embedded auth server writes its mails with these words; of
 * the same words are the templates that GoTrue takes elsewhere: see auth_templates.ts.
 */
import type { Language } from "./formats.ts";
import { type Rendered, render } from "./layout.ts";
import type { Block } from "./message.ts";

/** By GoTrue's names. */
export const AUTH_MAILS = [
  "confirmation",
  "recovery",
  "magic_link",
  "email_change",
  "invite",
  "reauthentication",
] as const;
export type AuthMail = (typeof AUTH_MAILS)[number];

export type AuthValues = {
  /** Where the link leads; null: the code alone, for a page that asks for it. */
  readonly url: string | null;
  /** Typed instead of following the link, which would use it up. */
  readonly code: string;
  /** The address that an account is to have from now on. */
  readonly newEmail: string;
};

type Words = {
  readonly subject: string;
  readonly intro: string;
  readonly action: string;
  readonly note: string;
};

const WORDS: Readonly<Record<Language, Readonly<Record<AuthMail, Words>>>> = {
  en: {
    confirmation: {
      subject: "Confirm your address",
      intro: "Welcome to Kontor. Confirm that this address is yours.",
      action: "Confirm address",
      note: "You did not sign up? Then ignore this mail, and nothing will happen.",
    },
    recovery: {
      subject: "Choose a new password",
      intro: "Someone, probably you, asked for a new password for your Kontor account.",
      action: "Choose a new password",
      note: "If it was not you, ignore this mail: your password stays as it is.",
    },
    magic_link: {
      subject: "Your sign-in link",
      intro: "Open this link to sign in to Kontor. It works once.",
      action: "Sign in",
      note: "If you do not want to sign in, ignore this mail.",
    },
    email_change: {
      subject: "Confirm your new address",
      intro: "Someone, probably you, asked to change the address of your Kontor account.",
      action: "Confirm the change",
      note: "If it was not you, ignore this mail: your address stays as it is.",
    },
    invite: {
      subject: "You are invited to Kontor",
      intro: "Somebody made an account in Kontor for this address. Follow the link to take it.",
      action: "Accept invitation",
      note: "If you do not know who this comes from, ignore this mail.",
    },
    reauthentication: {
      subject: "Your code",
      intro: "Confirm with this code that it is you.",
      action: "",
      note: "If you did not ask for a code, somebody knows your password: change it.",
    },
  },
  de: {
    confirmation: {
      subject: "Bestätigen Sie Ihre Adresse",
      intro: "Willkommen bei Kontor. Bitte bestätigen Sie, dass diese Adresse Ihnen gehört.",
      action: "Adresse bestätigen",
      note: "Sie haben sich nicht angemeldet? Dann ignorieren Sie diese Mail, und es geschieht nichts.",
    },
    recovery: {
      subject: "Wählen Sie ein neues Passwort",
      intro: "Jemand, wahrscheinlich Sie, möchte ein neues Passwort für Ihr Konto bei Kontor.",
      action: "Neues Passwort wählen",
      note: "Waren Sie es nicht, ignorieren Sie diese Mail: Ihr Passwort bleibt, wie es ist.",
    },
    magic_link: {
      subject: "Ihr Link zur Anmeldung",
      intro: "Mit diesem Link melden Sie sich bei Kontor an. Er gilt einmal.",
      action: "Anmelden",
      note: "Wollen Sie sich nicht anmelden, ignorieren Sie diese Mail.",
    },
    email_change: {
      subject: "Bestätigen Sie Ihre neue Adresse",
      intro: "Jemand, wahrscheinlich Sie, möchte die Adresse Ihres Kontos bei Kontor ändern.",
      action: "Änderung bestätigen",
      note: "Waren Sie es nicht, ignorieren Sie diese Mail: Ihre Adresse bleibt, wie sie ist.",
    },
    invite: {
      subject: "Sie sind zu Kontor eingeladen",
      intro:
        "Für diese Adresse wurde ein Konto bei Kontor angelegt. Mit dem Link nehmen Sie es an.",
      action: "Einladung annehmen",
      note: "Kennen Sie den Absender nicht, ignorieren Sie diese Mail.",
    },
    reauthentication: {
      subject: "Ihr Code",
      intro: "Bestätigen Sie mit diesem Code, dass Sie es sind.",
      action: "",
      note: "Haben Sie keinen Code verlangt, kennt jemand Ihr Passwort: Ändern Sie es.",
    },
  },
};

const COMMON = {
  en: { newEmail: "New address", code: "Your code", orCode: "Or enter this code" },
  de: { newEmail: "Neue Adresse", code: "Ihr Code", orCode: "Oder geben Sie diesen Code ein" },
} as const;

/** The subject of a mail, which holds nothing of who it is for. */
export function authSubject(mail: AuthMail, language: Language): string {
  const { subject } = WORDS[language][mail];
  return subject.includes("Kontor") ? subject : `${subject} · Kontor`;
}

/** Writes one of the mails. */
export function renderAuthMail(
  mail: AuthMail,
  language: Language,
  { url, code, newEmail }: AuthValues,
): Promise<Rendered> {
  const { subject, intro, action, note } = WORDS[language][mail];
  const common = COMMON[language];
  const blocks: Block[] = [
    { kind: "text", text: intro },
    ...(mail === "email_change"
      ? [{ kind: "facts", rows: [[common.newEmail, newEmail]] } as const]
      : []),
    ...(url === null ? [] : [{ kind: "action", label: action, url } as const]),
    // Whoever is invited has no page yet that would take a code.
    ...(mail === "invite"
      ? []
      : [{ kind: "code", label: url === null ? common.code : common.orCode, code } as const]),
    { kind: "note", text: note },
  ];
  const content = { subject: authSubject(mail, language), title: subject, blocks };
  return render(content, { tenant: null, language });
}

/** A language of a mail for what an account says its own is, as in `de-AT`. */
export function languageOf(locale: unknown): Language {
  // The same two letters that the templates for GoTrue look at.
  return typeof locale === "string" && locale.slice(0, 2) === "de" ? "de" : "en";
}
