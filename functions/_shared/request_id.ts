/** The id under which a request is found again in answers, logs and the audit log. */

const SANE = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** An incoming X-Request-Id if it is a sane token, otherwise a new UUID. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && SANE.test(given) ? given : crypto.randomUUID();
}
