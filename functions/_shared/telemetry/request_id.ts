/**
 * The id under which a request is found again in answers, logs, jobs and the audit log. One rule for
 * every server of ours; the gateway in production has it in its own words, and so has SQL.
 */

const SANE = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** An incoming X-Request-Id if it is a sane token, otherwise a new UUID. */
export function requestIdFrom(given: string | readonly string[] | null | undefined): string {
  return typeof given === "string" && SANE.test(given) ? given : crypto.randomUUID();
}
