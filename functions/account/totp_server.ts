/**
 * For tests: an auth server that offers second factors, as GoTrue does. Everything else is the running
 * stack's own, which lacks them: requests for it are passed on, and users come back with their factors.
 */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeJwt } from "jose";
import { stack } from "../../scripts/stack/testing.ts";

type Factor = {
  id: string;
  user_id: string;
  friendly_name: string;
  factor_type: "totp";
  status: "unverified" | "verified";
  created_at: string;
  secret: string;
};

export type TotpServer = { readonly url: string; close(): void };

type Json = Record<string, unknown>;
type Answer = { status: number; body: unknown };

/** The six digits of a secret at a moment (RFC 6238: SHA-1, half a minute). */
export function totp(secret: string, at = Date.now()): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const digest = createHmac("sha1", Buffer.from(secret, "hex")).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Starts it on a port of its own. */
export async function startTotpServer(): Promise<TotpServer> {
  const factors: Factor[] = [];
  /** By address: what a new session is asked for with, once a code was right. */
  const passwords = new Map<string, string>();
  const mine = (id: unknown) => factors.filter(({ user_id }) => user_id === id);
  const refusal = (status: number, error_code: string): Answer => ({
    status,
    body: { code: status, error_code, msg: `refused: ${error_code}` },
  });
  const withFactors = (user: Json): Json => ({
    ...user,
    factors: mine(user["id"]).map(({ secret: _secret, user_id: _user, ...shown }) => shown),
  });

  async function onFactors(method: string, path: string, body: Json, token: string) {
    const { sub, email } = decodeJwt<{ email: string }>(token);
    const alive = await passOn("GET", "/auth/v1/user", {}, bearer(token));
    if (alive.status !== 200) return refusal(403, "session_not_found");
    const [, , , , id, verb] = path.split("/");
    if (id === undefined) {
      if (method !== "POST" || body["factor_type"] !== "totp") {
        return refusal(400, "validation_failed");
      }
      const made: Factor = {
        id: randomUUID(),
        user_id: sub ?? "",
        friendly_name: String(body["friendly_name"]),
        factor_type: "totp",
        status: "unverified",
        created_at: new Date().toISOString(),
        secret: randomBytes(20).toString("hex"),
      };
      factors.push(made);
      const qr_code =
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><path d="M0 0h1v1H0z"/></svg>';
      const uri = `otpauth://totp/${String(body["issuer"])}:${email}?secret=${made.secret}`;
      return {
        status: 200,
        body: { id: made.id, type: "totp", totp: { qr_code, secret: made.secret, uri } },
      };
    }
    const factor = mine(sub).find((one) => one.id === id);
    if (factor === undefined) return refusal(404, "mfa_factor_not_found");
    if (method === "DELETE") {
      factors.splice(factors.indexOf(factor), 1);
      return { status: 200, body: { id } };
    }
    if (verb === "challenge") return { status: 200, body: { id: randomUUID(), type: "totp" } };
    if (body["code"] !== totp(factor.secret)) return refusal(422, "mfa_verification_failed");
    // Sessions that have not proven it end. The present one goes on; here it is made anew.
    if (factor.status === "unverified") {
      await passOn("POST", "/auth/v1/logout?scope=others", {}, bearer(token));
    }
    factor.status = "verified";
    const session = await passOn("POST", "/auth/v1/token?grant_type=password", {
      email,
      password: passwords.get(email),
    });
    return { status: 200, body: session.body };
  }

  const bearer = (token: string) => new Headers({ authorization: `Bearer ${token}` });

  async function passOn(
    method: string,
    path: string,
    body: Json,
    headers: Headers = new Headers(),
  ) {
    headers.set("apikey", stack().anon_key);
    headers.set("content-type", "application/json");
    const response = await fetch(`${stack().api_url}${path}`, {
      method,
      headers,
      ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { method = "GET", url = "/", headers } = request;
    let text = "";
    for await (const part of request) text += part;
    const body = text === "" ? {} : JSON.parse(text) as Json;
    const authorization = headers.authorization ?? "";
    if (url.startsWith("/auth/v1/factors")) {
      return await onFactors(method, url, body, authorization.replace(/^Bearer /, ""));
    }
    if (typeof body["email"] === "string" && typeof body["password"] === "string") {
      passwords.set(body["email"], body["password"]);
    }
    if (method === "PUT" && typeof body["password"] === "string") {
      const { email } = decodeJwt<{ email: string }>(authorization.replace(/^Bearer /, ""));
      passwords.set(email, body["password"]);
    }
    const passed = new Headers(authorization === "" ? {} : { authorization });
    const found = await passOn(method, url, body, passed);
    const whole = found.body as Json | null;
    if (found.status !== 200 || whole === null) return found;
    if (url === "/auth/v1/user") return { status: 200, body: withFactors(whole) };
    const user = whole["user"] as Json | undefined;
    return { status: 200, body: user ? { ...whole, user: withFactors(user) } : whole };
  }

  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
