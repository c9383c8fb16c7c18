/**
 * The portal's session cookie: how a pair of tokens is written into it and read back.
 *
 * The value is `<chunks>.<access token>.<refresh token>`. An access token of a real auth server holds
 * the person's metadata and can outgrow the 4 KB that a browser grants one cookie, so a long value
 * goes on in `<name>.1`, `<name>.2`; the leading count says how many belong together, so that a
 * left-over piece of an older, longer session is never read.
 */

/** The two tokens that a session consists of. */
export type SessionTokens = { accessToken: string; refreshToken: string };

const NAME = "kontor-session";
/** Characters of value in one cookie: 4,096 less the name and the attributes. */
const CHUNK_LENGTH = 3_600;
/** More than this would pass the size of header that servers take (16 KB). */
const MAX_CHUNKS = 4;
/** The auth server ends a session, not the browser: long enough to outlive a holiday. */
const MAX_AGE_SECONDS = 30 * 24 * 3600;

/** The cookie's name. Over https it carries the prefix that binds it to this one host. */
export function sessionCookieName(secure: boolean): string {
  return secure ? `__Host-${NAME}` : NAME;
}

/**
 * The `Set-Cookie` values that keep these tokens in a browser.
 * @throws RangeError when the tokens are longer than a request's headers may be.
 */
export function writeSessionCookie(tokens: SessionTokens, secure: boolean): string[] {
  const value = `${tokens.accessToken}.${encodeURIComponent(tokens.refreshToken)}`;
  const count = Math.ceil((value.length + 2) / CHUNK_LENGTH);
  if (count > MAX_CHUNKS) throw new RangeError("session tokens too long for cookies");
  const whole = `${count}.${value}`;
  return Array.from({ length: count }, (_, index) =>
    setCookie(
      chunkName(index, secure),
      whole.slice(index * CHUNK_LENGTH, (index + 1) * CHUNK_LENGTH),
      MAX_AGE_SECONDS,
      secure,
    ));
}

/** The tokens in a request's `Cookie` header, or null when it holds none that can be read. */
export function readSessionCookie(header: string | null, secure: boolean): SessionTokens | null {
  const cookies = parseCookies(header);
  const first = cookies.get(chunkName(0, secure));
  const count = Number(first?.match(/^([1-9])\./)?.[1] ?? Number.NaN);
  if (first === undefined || !(count <= MAX_CHUNKS)) return null;
  const pieces = Array.from({ length: count }, (_, index) => cookies.get(chunkName(index, secure)));
  if (pieces.includes(undefined)) return null;
  const [, head, body, signature, ...rest] = pieces.join("").split(".");
  const refresh = rest.join(".");
  if (!head || !body || !signature || !refresh) return null;
  try {
    return {
      accessToken: `${head}.${body}.${signature}`,
      refreshToken: decodeURIComponent(refresh),
    };
  } catch {
    return null; // not percent-encoding: not our cookie
  }
}

/** The `Set-Cookie` values that remove every piece of the session cookie a request carried. */
export function clearSessionCookie(header: string | null, secure: boolean): string[] {
  const name = sessionCookieName(secure);
  const present = [...parseCookies(header).keys()].filter((key) => key.startsWith(`${name}.`));
  return [name, ...present].map((key) => setCookie(key, "", 0, secure));
}

function chunkName(index: number, secure: boolean): string {
  return index === 0 ? sessionCookieName(secure) : `${sessionCookieName(secure)}.${index}`;
}

function setCookie(name: string, value: string, maxAge: number, secure: boolean): string {
  const attributes = `Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax`;
  return `${name}=${value}; ${attributes}${secure ? "; Secure" : ""}`;
}

function parseCookies(header: string | null): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0) cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  return cookies;
}
