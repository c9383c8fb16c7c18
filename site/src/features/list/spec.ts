/** What a list's page needs to know of its resource; the same on the server and in the browser. */
export type ListSpec = {
  /** The API's path, `/orders`. */
  path: string;
  /** The parameters of this list, beside `cursor`: the page's address speaks the API's own words. */
  params: readonly string[];
};

/**
 * The page's parameters without those that are empty or unknown; of several with one name (check
 * boxes in a form sent without scripts) a comma list. Always in one order, so that equal lists have
 * equal addresses.
 */
export function cleanParams(spec: ListSpec, params: URLSearchParams): URLSearchParams {
  const clean = new URLSearchParams();
  for (const name of [...spec.params, "cursor"]) {
    const value = params.getAll(name).filter(Boolean).join(",");
    if (value !== "") clean.set(name, value);
  }
  return clean;
}

/** The address of the list with some parameters changed; another list begins at its first page. */
export function withParams(
  spec: ListSpec,
  params: URLSearchParams,
  changes: Record<string, string | null>,
): URLSearchParams {
  const next = new URLSearchParams(params);
  next.delete("cursor");
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return cleanParams(spec, next);
}

/** `?a=b`, or nothing for no parameters. */
export function searchOf(params: URLSearchParams): string {
  const text = params.toString().replaceAll("%2C", ",");
  return text === "" ? "" : `?${text}`;
}
