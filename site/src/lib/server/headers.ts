import { env } from "../env.ts";

const PAGE_HEADERS = {
  "cache-control": "private, no-store",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // A year of nothing but https, wherever that is how people come.
  ...(env.PORTAL_URL.startsWith("https:")
    ? { "strict-transport-security": "max-age=31536000" }
    : {}),
} as const;

const STORAGE = new URL(env.STORAGE_URL).origin;
const POLICY = "content-security-policy";

/**
 * Adds what every page's answer carries beside the content security policy, which Astro writes, and
 * to that the object store: where it is was not known when the pages were built.
 */
export function securePage(response: Response, requestId: string): Response {
  const policy = response.headers.get(POLICY);
  if (policy !== null) {
    response.headers.set(POLICY, policy.replace(/\b(connect|img)-src [^;]*/g, `$& ${STORAGE}`));
  }
  for (const [name, value] of Object.entries(PAGE_HEADERS)) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  response.headers.set("x-request-id", requestId);
  // Astro says "OK" of whatever status a page sets; without a text, Node says the right one.
  return new Response(response.body, { status: response.status, headers: response.headers });
}
