/**
 * What production's settings must be, beyond being there: strong, nobody's example, and at one with each
 * other. Nothing but Node is needed, so that it also runs on a server that has nothing else.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export type Settings = Readonly<Record<string, string | undefined>>;

/** What is wrong with a variable; never its value. */
export type Fault = { readonly name: string; readonly reason: string };

/** Passwords that stand in URLs of the compose file as they are. */
const PASSWORDS = ["POSTGRES_PASSWORD", "FUNCTIONS_DB_PASSWORD", "WORKER_DB_PASSWORD"];
/** Random, with the length that is asked for at least. */
const SECRETS: Readonly<Record<string, number>> = {
  JWT_SECRET: 40,
  WEBHOOK_KEY: 40,
  S3_ACCESS_KEY_ID: 16,
  S3_SECRET_ACCESS_KEY: 32,
};
/** Asked of those only who start the profile. */
const BY_PROFILE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  studio: { STUDIO_CRYPTO_KEY: 32 },
  // Supavisor takes a vault key of exactly 32 characters.
  pooler: { POOLER_SECRET_KEY: 64, POOLER_VAULT_KEY: 32 },
  minio: { MINIO_ROOT_USER: 3, MINIO_ROOT_PASSWORD: 32 },
  observability: { GRAFANA_PASSWORD: 20 },
};

/** Words of examples, in this repository's, Supabase's and everybody's. */
const EXAMPLE =
  /example|changeme|change-me|change_me|your[-_ ]|super[-_ ]?secret|password|postgres|supabase|kontor|secret1|123456|abcdef012345|^(.)\1+$/i;
/** The demo keys of Supabase's own set-up say so in their issuer. */
const DEMO_ISSUER = "supabase-demo";
/** A key that runs out sooner is made anew now. */
const KEY_MUST_HOLD_DAYS = 30;

function weakness(value: string, atLeast: number): string | undefined {
  if (value.length < atLeast) return `needs at least ${atLeast} characters`;
  if (EXAMPLE.test(value)) return "is an example, or made of words: generate it";
  if (new Set(value).size < Math.min(10, atLeast / 2)) return "repeats itself: generate it";
  return undefined;
}

type Claims = { role?: unknown; exp?: unknown; iss?: unknown };

/** The claims of an HS256 token, if this secret has signed it. */
function verified(token: string, secret: string): Claims | undefined {
  const [header = "", payload = "", signature = "", ...more] = token.split(".");
  const expected = createHmac("sha256", secret).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (more.length > 0 || given.length !== expected.length) return undefined;
  if (!timingSafeEqual(given, expected)) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}

function keyFault(token: string, role: string, secret: string, now: Date): string | undefined {
  const claims = verified(token, secret);
  if (!claims) return "is not signed with JWT_SECRET: generate both together";
  if (claims.iss === DEMO_ISSUER) return "is Supabase's demo key: generate your own";
  if (claims.role !== role) return `has not the role ${role}`;
  const soon = now.getTime() / 1000 + KEY_MUST_HOLD_DAYS * 86_400;
  if (typeof claims.exp !== "number" || claims.exp < soon) {
    return `runs out within ${KEY_MUST_HOLD_DAYS} days (or this machine's clock is wrong)`;
  }
  return undefined;
}

/** Where browsers reach us: https, a host, and nothing behind it. */
function originFault(value: string): string | undefined {
  if (!URL.canParse(value)) return "is not an address such as https://app.trader.eu";
  const url = new URL(value);
  if (url.protocol !== "https:") return "begins with https://: cookies and keys travel there";
  if (url.origin !== value) return "is an origin: no path, no slash at its end, no port 443";
  if (/(^|\.)example\.(com|org|net)$|\.(test|example|invalid|localhost)$/.test(url.hostname)) {
    return "is an example's host";
  }
  return undefined;
}

function mailFault(value: string): string | undefined {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? undefined : "is no address";
}

/** SMTP_URL says to our programs what SMTP_HOST and the others say to Supabase Auth. */
function smtpFault(settings: Settings): string | undefined {
  const value = settings.SMTP_URL ?? "";
  if (!/^smtps?:\/\//.test(value) || !URL.canParse(value)) {
    return "is not smtp://user:password@host:587 or smtps://…";
  }
  const { hostname, port, username, password, protocol } = new URL(value);
  const said = {
    SMTP_HOST: hostname,
    SMTP_PORT: port || (protocol === "smtps:" ? "465" : "25"),
    SMTP_USER: decodeURIComponent(username),
    SMTP_PASSWORD: decodeURIComponent(password),
  };
  const other = Object.entries(said).find(([name, is]) => (settings[name] ?? "") !== is);
  return other ? `says something else than ${other[0]}` : undefined;
}

/** All faults, in the order of the variables; none when production may start. */
export function findFaults(settings: Settings, now: Date = new Date()): Fault[] {
  const faults: Fault[] = [];
  const add = (name: string, reason: string | undefined) => {
    if (reason !== undefined) faults.push({ name, reason });
  };
  const check = (name: string, find: (value: string) => string | undefined) => {
    const value = settings[name] ?? "";
    add(name, value === "" ? "is not set" : find(value));
  };
  for (const name of ["PORTAL_URL", "API_URL"]) check(name, originFault);
  if (settings.PORTAL_URL && settings.PORTAL_URL === settings.API_URL) {
    add("API_URL", "is the portal's own: two hosts are needed, such as app. and api.");
  }
  for (const name of PASSWORDS) {
    check(name, (value) =>
      /[^A-Za-z0-9_-]/.test(value)
        ? "has characters that mean something in a URL: letters, digits, - and _ only"
        : weakness(value, 24),
    );
  }
  for (const [name, atLeast] of Object.entries(SECRETS)) {
    check(name, (value) => weakness(value, atLeast));
  }
  const secret = settings.JWT_SECRET ?? "";
  check("ANON_KEY", (value) => keyFault(value, "anon", secret, now));
  check("SERVICE_ROLE_KEY", (value) => keyFault(value, "service_role", secret, now));
  check("MAIL_FROM", mailFault);
  check("SMTP_URL", () => smtpFault(settings));
  const profiles = (settings.COMPOSE_PROFILES ?? "").split(",");
  // Without it alerts would wake nobody.
  if (profiles.some((profile) => profile.trim() === "observability")) check("ALERTS_TO", mailFault);
  for (const profile of profiles) {
    for (const [name, atLeast] of Object.entries(BY_PROFILE[profile.trim()] ?? {})) {
      check(name, (value) => weakness(value, atLeast));
    }
  }
  return [...faults, ...repeated(settings)];
}

/** One secret in two places is lost in two places. */
function repeated(settings: Settings): Fault[] {
  const names = [...PASSWORDS, ...Object.keys(SECRETS)];
  return names.flatMap((name, index) => {
    const twin = names
      .slice(0, index)
      .find((other) => settings[name] && settings[other] === settings[name]);
    return twin ? [{ name, reason: `is the same as ${twin}` }] : [];
  });
}
