/** For tests: the object store behind its guard and the gateway, and requests no SDK would make. */
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll } from "vitest";
import { createGatewayHandler } from "./parts/gateway_server.ts";
import { openS3 } from "./parts/s3_server.ts";
import { s3Client } from "./testing_s3.ts";

export const Bucket = "kontor";
export const keys = { accessKeyId: "the-tests-own-key", secretAccessKey: "the-tests-own-secret" };
/** The store is the folder s3 in this one. */
export const folder = mkdtempSync(path.join(tmpdir(), "kontor-s3-"));
export const directory = path.join(folder, "s3");

let servers: Server[] = [];
let closers: (() => Promise<void>)[] = [];
/** The gateway's origin. */
export let origin: string;
export let client: S3Client;

const listenOn = (server: Server) =>
  new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });

/** A client with other credentials, or for another region. */
export const clientWith = (credentials: typeof keys, region = "us-east-1") =>
  s3Client({ endpoint: `${origin}/storage/v1/s3`, region, ...credentials });

/** Opens an empty store before the tests of a file and removes it after. */
export function useStore(): void {
  beforeAll(async () => {
    const store = { endpoint: "", region: "us-east-1", bucket: Bucket, ...keys };
    const s3 = await openS3(directory, store, () => {});
    const s3Server = createServer(s3.listener);
    const upstream = await listenOn(s3Server);
    const nowhere = "http://127.0.0.1:9";
    const gateway = createGatewayHandler({
      upstreams: { auth: nowhere, rest: nowhere, functions: nowhere, s3: upstream },
      keys: { anonKey: "anon", serviceRoleKey: "service" },
      portal: "http://portal.test",
      trustedProxies: [],
      keepApikey: false,
      log: () => {},
    });
    const gatewayServer = createServer(gateway.listener);
    origin = await listenOn(gatewayServer);
    servers = [gatewayServer, s3Server];
    closers = [gateway.close, s3.close];
    client = clientWith(keys);
  });

  afterAll(async () => {
    client.destroy();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    for (const close of closers) await close();
    rmSync(folder, { recursive: true, force: true });
  });
}

/** Writes an object as the store's own client. */
export const put = (Key: string, Body: string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: "text/plain" }));
/** Reads an object's text as the store's own client. */
export const read = async (Key: string) =>
  await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
/** A presigned URL, for a minute. */
export const presigned = (command: PutObjectCommand | GetObjectCommand, more = {}) =>
  getSignedUrl(client, command, { expiresIn: 60, ...more });

/** A request line as it is: fetch would tidy up the path. */
export function send(
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body = "",
) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const request = httpRequest({ hostname, port, method, path: target, headers }, (response) => {
      let text = "";
      response.on("data", (data) => {
        text += data;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Signs as version 4 says, but whatever it is told to, which the SDK would refuse. */
export function signed(
  method: string,
  target: string,
  options: {
    headers?: Record<string, string>;
    signedHeaders?: string[];
    credentials?: typeof keys;
    region?: string;
    service?: string;
  } = {},
): Record<string, string> {
  const { credentials = keys, region = "us-east-1", service = "s3" } = options;
  const [pathname = "", query = ""] = target.split("?");
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const all: Record<string, string> = {
    host: new URL(origin).host,
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    "x-amz-date": time,
    ...options.headers,
  };
  const names = options.signedHeaders ?? Object.keys(all).sort();
  const canonical = [
    method,
    pathname,
    query.split("&").sort().join("&"),
    ...names.map((name) => `${name}:${all[name]}`),
    "",
    names.join(";"),
    all["x-amz-content-sha256"],
  ].join("\n");
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const hash = createHash("sha256").update(canonical).digest("hex");
  const hmac = (key: string | Buffer, text: string) =>
    createHmac("sha256", key).update(text).digest();
  const key = scope
    .split("/")
    .reduce<string | Buffer>(
      (previous, part) => hmac(previous, part),
      `AWS4${credentials.secretAccessKey}`,
    );
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash}`).toString("hex");
  const { host: _, ...sent } = all;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

/** The bucket's path at the gateway. */
export const BASE = "/storage/v1/s3/kontor";
