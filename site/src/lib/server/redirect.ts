/** A redirect after a form that also hands out cookies. */
export function redirectWith(path: string, setCookies: readonly string[]): Response {
  const headers = new Headers({ location: path });
  for (const line of setCookies) headers.append("set-cookie", line);
  return new Response(null, { status: 303, headers });
}
