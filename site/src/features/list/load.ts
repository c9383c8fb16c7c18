import { type Api, ApiError } from "../../lib/api/client.ts";
import type { List } from "../../lib/api/resources.ts";
import { complaint } from "./complaint.ts";
import { cleanParams, type ListSpec, searchOf } from "./spec.ts";

/** A refusal in the form that travels from the server to an island. */
export type LoadError = {
  code: string;
  message: string;
  /** Which parameters are wrong, and why. */
  fields: string[];
  requestId: string | null;
};

export type Loaded<T> = { search: string; list: List<T> | null; error: LoadError | null };

const PAGE_ROWS = 25;

/**
 * Fetches the page of a list that an address asks for. A refusal is an outcome, not an exception.
 * @throws AbortError when `signal` ends it.
 */
export async function loadList<T>(
  api: Api,
  spec: ListSpec,
  given: URLSearchParams,
  signal?: AbortSignal,
): Promise<Loaded<T>> {
  const params = cleanParams(spec, given);
  const search = searchOf(params);
  const query = { ...Object.fromEntries(params), limit: PAGE_ROWS };
  try {
    return { search, list: await api<List<T>>("GET", spec.path, { query, signal }), error: null };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message, requestId } = error;
    const fields = error.fields.map((field) => complaint(field, params));
    return { search, list: null, error: { code, message, fields, requestId } };
  }
}
