/** A very small browser for tests: keeps cookies, sends them back, and says which page it is on. */
import { type Answer, stack } from "../../scripts/stack/testing.ts";
import { problem } from "../_shared/contracts/common.ts";

type Options = {
  readonly method?: string;
  readonly body?: unknown;
  /** The origin of the page that sends; null sends none. */
  readonly origin?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
};

export class Browser {
  readonly cookies = new Map<string, string>();

  /** Asks the functions, through the gateway, from one of the portal's pages. */
  async ask(path: string, options: Options = {}): Promise<Answer> {
    const { portal_url, api_url } = stack();
    const origin = options.origin === undefined ? portal_url : options.origin;
    const response = await fetch(`${api_url}/functions/v1${path}`, {
      method: options.method ?? (options.body === undefined ? "GET" : "POST"),
      headers: {
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
        ...(origin === null ? {} : { origin }),
        ...(this.cookies.size === 0 ? {} : { cookie: this.#cookieHeader() }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? "" : JSON.parse(text),
    };
  }

  #cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  #keep(line: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (name === undefined || value === undefined) return;
    if (/Max-Age=0\b/.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** The paths of the fields that a refusal names. */
export function namedFields({ body }: Answer): string[] {
  return (problem.parse(body).errors ?? []).map((error) => error.path);
}

/** A new address that nobody has signed up with. */
export function freshEmail(): string {
  return `${crypto.randomUUID()}@example.test`;
}

/** An access token that has run out; its signature is nobody's. */
export function expiredToken(): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part({ exp: 1_700_000_000 })}.${part("signature")}`;
}
