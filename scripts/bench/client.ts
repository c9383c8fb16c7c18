/** One person's requests to the functions. */

export type Client = {
  /** GET; throws unless the answer is 200. */
  get(path: string, headers?: Record<string, string>): Promise<unknown>;
  post(path: string, body: unknown): Promise<{ status: number; body: unknown }>;
  readonly headers: Record<string, string>;
  readonly origin: string;
};

/** @param origin up to and with /functions/v1. */
export function createClient(origin: string, token: string, tenant: string): Client {
  const headers = { authorization: `Bearer ${token}`, "x-tenant-id": tenant };
  return {
    origin,
    headers,
    async get(path, more) {
      const response = await fetch(`${origin}${path}`, { headers: { ...headers, ...more } });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text}`);
      return JSON.parse(text);
    },
    async post(path, body) {
      const response = await fetch(`${origin}${path}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    },
  };
}
