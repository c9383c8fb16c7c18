/**
 * Where to go after signing in: `next` if it is a path on this very site, else `fallback`. `//host`,
 * `/\host` and anything a browser would read as another origin are not paths.
 */
export function localPath(next: string | null | undefined, fallback = "/"): string {
  if (!next?.startsWith("/") || /[\\\s]|^\/\//.test(next)) return fallback;
  const url = new URL(next, "http://local.invalid");
  if (url.origin !== "http://local.invalid" || url.pathname.startsWith("//")) return fallback;
  return `${url.pathname}${url.search}`;
}
