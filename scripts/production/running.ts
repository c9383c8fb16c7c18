/**
 * What only shows once everything runs, or outside of this machine: names that do not lead here yet, a
 * clock that is wrong, and parts that were given different secrets.
 */
import { lookup } from "node:dns/promises";
import { SignJWT } from "jose";

const WAIT_MS = 10_000;
/** Certificates, codes of authenticator apps and signatures forgive a minute or a few, not more. */
const CLOCK_MAY_BE_OFF_MS = 60_000;

const REMEDY = {
  clock: "turn on time synchronisation (timedatectl set-ntp true)",
  name: "make its DNS record (A, and AAAA if this machine has IPv6) lead to this machine",
};

type Answer = { readonly status: number; readonly text: string; readonly date: string | null };

async function ask(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(WAIT_MS),
  });
  return {
    status: response.status,
    text: await response.text(),
    date: response.headers.get("date"),
  };
}

/** Node's own word on why a request failed: ECONNREFUSED, CERT_HAS_EXPIRED … */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (typeof cause === "object" && cause !== null && "code" in cause) return String(cause.code);
  return cause instanceof Error ? cause.name : String(cause);
}

/**
 * Compares this machine's clock with another machine's: any web server says what time it is.
 * @returns what is wrong, or undefined; also when nobody could be asked.
 */
export async function clockFault(
  url: string,
  now: () => number = Date.now,
): Promise<string | undefined> {
  const answer = await ask(url).catch(() => undefined);
  const theirs = Date.parse(answer?.date ?? "");
  const off = now() - theirs;
  if (Number.isNaN(off) || Math.abs(off) <= CLOCK_MAY_BE_OFF_MS) return undefined;
  const minutes = Math.round(Math.abs(off) / 60_000);
  return (
    `this machine's clock is ${minutes} minutes ${off > 0 ? "ahead of" : "behind"} that of ` +
    `${new URL(url).host}: ${REMEDY.clock}. Until then certificates, codes of authenticator apps, ` +
    "and signatures of webhooks and S3 may be refused"
  );
}

/**
 * Whether an address leads to this installation.
 * @param origin PORTAL_URL or API_URL.
 * @param path answered by us, and by nobody else.
 * @param expected what our answer says.
 */
export async function addressFault(
  origin: string,
  path: string,
  expected: (answer: { status: number; text: string }) => boolean,
  headers: Record<string, string> = {},
): Promise<string | undefined> {
  const { hostname } = new URL(origin);
  const addresses = await lookup(hostname, { all: true }).catch(() => []);
  if (addresses.length === 0) return `${hostname} has no address yet: ${REMEDY.name}`;
  const where = `${hostname} leads to ${addresses.map(({ address }) => address).join(", ")}`;
  try {
    const answer = await ask(origin + path, headers);
    if (expected(answer)) return undefined;
    return `${where}, where something else answers (${answer.status} at ${path}): ${REMEDY.name}`;
  } catch (error) {
    const code = codeOf(error);
    if (/CERT|TLS|SSL|ALTNAME|SELF_SIGNED/.test(code)) {
      return (
        `${where}, and has no certificate that browsers take (${code}): Traefik asks for one when the ` +
        "name leads here and ports 80 and 443 are open; see its log"
      );
    }
    return `${where}, where nobody answers (${code}): ${REMEDY.name}, and open ports 80 and 443`;
  }
}

/** Nobody's token, signed as the auth server signs: of a person that there is not. */
export async function strangersToken(secret: string): Promise<string> {
  return await new SignJWT({ role: "authenticated", aud: "authenticated", session_id: NOBODY })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(NOBODY)
    .setIssuedAt()
    .setExpirationTime("5 minutes")
    .sign(new TextEncoder().encode(secret));
}
const NOBODY = "00000000-0000-4000-8000-000000000000";

/** What a verifier says of a token: its status and, where there is one, its word for it. */
async function opinion(url: string, token: string, apikey: string): Promise<string> {
  const { status, text } = await ask(url, { authorization: `Bearer ${token}`, apikey });
  const code = /"(?:error_code|code|error)" *: *"?([\w.-]+)/.exec(text)?.[1] ?? "";
  return `${status} ${code}`;
}

/**
 * Whether a part takes tokens of our secret for true: if it treats one like a forgery, it has another.
 * @param url an address of that part which wants a token.
 * @param token signed with the secret that everybody should have.
 */
export async function secretFault(
  part: string,
  url: string,
  token: string,
  apikey: string,
): Promise<string | undefined> {
  try {
    const forged = await strangersToken("a secret that is nobody's, made up to be refused");
    const [given, refused] = await Promise.all([
      opinion(url, token, apikey),
      opinion(url, forged, apikey),
    ]);
    if (given !== refused) return undefined;
    return (
      `${part} refuses tokens that JWT_SECRET has signed (${given}): it runs with another secret. ` +
      "Deploy again, so that every container is made with the present one"
    );
  } catch (error) {
    return `${part} does not answer (${codeOf(error)})`;
  }
}
