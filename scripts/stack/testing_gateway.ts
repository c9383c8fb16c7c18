/** For tests: a real gateway in front of a server that tells what reached it. */
import { createServer, request as httpRequest, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces } from "node:os";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect } from "vitest";
import { z } from "zod";
import { answerClientErrors, SERVER_OPTIONS } from "../../site/server/http/server.ts";
import { createGatewayHandler } from "./parts/gateway_server.ts";

const secret = new TextEncoder().encode("a-secret-of-the-tests-0123456789abcdef");
const sign = (claims: Record<string, string>) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(secret);
export const anonKey = await sign({ role: "anon" });
export const serviceRoleKey = await sign({ role: "service_role" });
/** What the functions give for an API key. */
export const exchanged = await sign({ role: "authenticated", sub: "p", api_key_id: "k" });
export const person = await sign({
  role: "authenticated",
  sub: "7b0c1c1e-0000-7000-8000-000000000001",
});

export const PORTAL = "http://portal.test:3000";
/** An address of this machine that is not loopback, if it has one. */
export const outside = Object.values(networkInterfaces())
  .flat()
  .find((face) => face?.family === "IPv4" && !face.internal)?.address;

const echoed = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});
const problem = z.object({
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  request_id: z.string(),
});

let upstream: Server;
let gateway: Server;
let closeProxy: () => Promise<void>;
/** Where the gateway listens, on every interface. */
export let port: number;
/** What reached the server behind, in order. */
export const arrived: string[] = [];

const listenOn = (server: Server, host: string) =>
  new Promise<number>((resolve) => {
    server.listen(0, host, () => {
      const { port: picked } = server.address() as AddressInfo;
      resolve(picked);
    });
  });

/** Starts both before the tests of a file and stops them after. */
export function useGateway(): void {
  beforeAll(async () => {
    upstream = createServer((request, response) => {
      arrived.push(`${request.method} ${request.url}`);
      if (request.url?.includes("hang-up")) {
        response.writeHead(200, { "content-length": "100" });
        response.write("half");
        setTimeout(() => response.destroy(), 20);
        return;
      }
      if (request.url?.includes("never")) {
        response.on("close", () => arrived.push("given up"));
        return;
      }
      if (request.url?.includes("out-of-order")) {
        response.destroy();
        return;
      }
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method, url, headers } = request;
        response.writeHead(200, {
          "content-type": "application/json",
          "access-control-allow-origin": "*",
          "x-request-id": "the-upstreams-own",
          vary: "Accept",
        });
        response.end(
          JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }),
        );
      });
    });
    const origin = `http://127.0.0.1:${await listenOn(upstream, "127.0.0.1")}`;
    const { listener, close } = createGatewayHandler({
      upstreams: {
        auth: `${origin}/auth/v1`,
        rest: origin,
        functions: `${origin}/functions/v1`,
        s3: `${origin}/s3`,
      },
      keys: { anonKey, serviceRoleKey },
      portal: PORTAL,
      trustedProxies: [],
      keepApikey: false,
      log: () => {},
    });
    closeProxy = close;
    gateway = createServer(SERVER_OPTIONS, listener);
    answerClientErrors(gateway);
    // Every interface, so that a peer that is not loopback can be tried.
    port = await listenOn(gateway, "0.0.0.0");
  });

  afterAll(async () => {
    gateway.closeAllConnections();
    gateway.close();
    await closeProxy();
    upstream.closeAllConnections();
    upstream.close();
  });
}

type Options = { headers?: Record<string, string>; host?: string; method?: string; body?: string };

/** Asks the gateway; `host` is the address it is reached by. */
export async function ask(path: string, { host = "127.0.0.1", ...init }: Options = {}) {
  return await fetch(`http://${host}:${port}${path}`, init);
}
/** What the server behind received. */
export async function reached(path: string, options?: Options) {
  const response = await ask(path, options);
  expect(response.status).toBe(200);
  return echoed.parse(await response.json());
}
/** The gateway's refusal, checked to be a problem document with its request id. */
export async function refused(path: string, options?: Options) {
  const response = await ask(path, options);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = problem.parse(await response.json());
  expect(response.headers.get("x-request-id")).toBe(body.request_id);
  expect(body.status).toBe(response.status);
  return { status: response.status, code: body.code, headers: response.headers };
}

/** Sends bytes as they are and returns everything that comes back. */
export function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

/** Begins a request whose body the test sends piece by piece; `answered` is the text of its answer. */
export function slowly(method: string, path: string) {
  const headers = { "transfer-encoding": "chunked" };
  const request = httpRequest({ port, method, path, headers });
  const answered = new Promise<string>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.on("data", (data) => {
        text += data;
      });
      response.on("end", () => resolve(text));
    });
  });
  return {
    answered,
    send: (piece: string) => request.write(piece),
    end: (piece: string) => request.end(piece),
  };
}

export const bearer = (token: string) => `Bearer ${token}`;
