/** The object store through the gateway: what the AWS SDK does works, what it would not do is refused. */
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s3Client } from "../testing_s3.ts";
import { createGatewayHandler } from "./gateway_server.ts";
import { openS3 } from "./s3_server.ts";

const Bucket = "kontor";
const keys = { accessKeyId: "the-tests-own-key", secretAccessKey: "the-tests-own-secret" };
const folder = mkdtempSync(path.join(tmpdir(), "kontor-s3-"));
const directory = path.join(folder, "s3");

let servers: Server[] = [];
let closers: (() => Promise<void>)[] = [];
let origin: string;
let client: S3Client;

const listenOn = (server: Server) =>
  new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });

const clientWith = (credentials: typeof keys, region = "us-east-1") =>
  s3Client({ endpoint: `${origin}/storage/v1/s3`, region, ...credentials });

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

const put = (Key: string, Body: string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: "text/plain" }));
const read = async (Key: string) =>
  await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const presigned = (command: PutObjectCommand | GetObjectCommand, more = {}) =>
  getSignedUrl(client, command, { expiresIn: 60, ...more });

/** A request line as it is: fetch would tidy up the path. */
function send(method: string, target: string, headers: Record<string, string> = {}, body = "") {
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
function signed(
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

const BASE = "/storage/v1/s3/kontor";

describe("what a client does", () => {
  it("puts, reads, lists, copies and deletes", async () => {
    await client.send(new HeadBucketCommand({ Bucket }));
    await put("a/b.txt", "hello");
    expect(await read("a/b.txt")).toBe("hello");
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: "a/b.txt" }));
    expect(head.ContentLength).toBe(5);
    expect(head.ContentType).toBe("text/plain");
    await client.send(
      new CopyObjectCommand({ Bucket, Key: "a/c.txt", CopySource: `${Bucket}/a/b.txt` }),
    );
    const list = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "a/" }));
    expect(list.Contents?.map(({ Key }) => Key)).toEqual(["a/b.txt", "a/c.txt"]);
    const Objects = [{ Key: "a/b.txt" }, { Key: "a/c.txt" }];
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    await expect(read("a/b.txt")).rejects.toMatchObject({ name: "NoSuchKey" });
    await client.send(new DeleteObjectCommand({ Bucket, Key: "never/was" }));
  });

  it("lists everything, a page or more", async () => {
    const numbers = Array.from(
      { length: 1100 },
      (_, index) => `many/${String(index).padStart(4, "0")}`,
    );
    for (let start = 0; start < numbers.length; start += 50) {
      await Promise.all(numbers.slice(start, start + 50).map((key) => put(key, "x")));
    }
    const found: (string | undefined)[] = [];
    const pages = paginateListObjectsV2({ client, pageSize: 200 }, { Bucket, Prefix: "many/" });
    for await (const { Contents } of pages) found.push(...(Contents ?? []).map(({ Key }) => Key));
    expect(found).toEqual(numbers);
    const folders = new ListObjectsV2Command({ Bucket, Delimiter: "/" });
    const { CommonPrefixes } = await client.send(folders);
    expect(CommonPrefixes?.map(({ Prefix }) => Prefix)).toContain("many/");
  });

  it("uploads in parts, and reads a range", async () => {
    const Key = "big.bin";
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = Buffer.alloc(5 * 1024 * 1024, "x");
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await client.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: part }),
      );
      Parts.push({ ETag, PartNumber });
    }
    const MultipartUpload = { Parts };
    await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }),
    );
    const ranged = new GetObjectCommand({ Bucket, Key, Range: "bytes=10485755-" });
    const tail = await client.send(ranged);
    expect(tail.ContentRange).toBe("bytes 10485755-10485759/10485760");
    expect(await tail.Body?.transformToString()).toBe("xxxxx");
  });

  it("accepts a browser's PUT to a presigned URL from the portal, as signed only", async () => {
    const command = new PutObjectCommand({
      Bucket,
      Key: "t/1/photo.jpg",
      ContentType: "image/jpeg",
      ContentLength: 4,
    });
    const signableHeaders = new Set(["content-type", "content-length"]);
    const url = await presigned(command, { signableHeaders });
    const fromPortal = { origin: "http://portal.test", "content-type": "image/jpeg" };
    const wrong: [Record<string, string>, string][] = [
      [fromPortal, "five!"],
      [{ ...fromPortal, "content-type": "text/html" }, "four"],
      [{ ...fromPortal, "x-amz-copy-source": "/kontor/secret" }, "four"],
      [{ ...fromPortal, "x-amz-meta-more": "1" }, "four"],
    ];
    for (const [headers, body] of wrong) {
      expect((await fetch(url, { method: "PUT", headers, body })).status).toBe(403);
    }
    const options = await fetch(url, {
      method: "OPTIONS",
      headers: {
        ...fromPortal,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type",
      },
    });
    expect(options.status).toBe(204);
    expect(options.headers.get("access-control-allow-origin")).toBe("http://portal.test");
    const done = await fetch(url, { method: "PUT", headers: fromPortal, body: "four" });
    expect(done.status).toBe(200);
    expect(done.headers.get("access-control-expose-headers")).toContain("ETag");
    const get = await presigned(new GetObjectCommand({ Bucket, Key: "t/1/photo.jpg" }));
    const answer = await fetch(get, { headers: { origin: "http://portal.test" } });
    expect(answer.headers.get("content-type")).toBe("image/jpeg");
    expect(answer.headers.get("etag")).toMatch(/^"[0-9a-f]{32}"$/);
    expect(await answer.text()).toBe("four");
  });

  it("keeps the old object whole when an upload breaks off", async () => {
    await put("whole.txt", "the old one");
    const command = new PutObjectCommand({ Bucket, Key: "whole.txt", ContentLength: 1000 });
    const url = new URL(await presigned(command));
    const { hostname, port } = url;
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 1000\r\n\r\nhalf`,
        );
        setTimeout(() => socket.destroy(), 200);
      });
      socket.on("close", () => resolve());
    });
    await expect
      .poll(() =>
        readdirSync(path.join(directory, Bucket)).filter((name) => name.endsWith(".part")),
      )
      .toEqual([]);
    expect(await read("whole.txt")).toBe("the old one");
  });
});

describe("what is refused", () => {
  beforeAll(() => put("secret", "top secret"));

  it.each([
    ["GET", "/secret"],
    ["HEAD", "/secret"],
    ["PUT", "/new"],
    ["DELETE", "/secret"],
    ["GET", ""],
    ["GET", "?list-type=2"],
    ["POST", ""],
    ["POST", "?delete"],
    ["PUT", "/x?x-amz-acl=public-read"],
    ["GET", "/secret?X-Amz-Signature=x"],
    ["GET", "/secret?X-Amz-Algorithm=AWS4-HMAC-SHA256"],
    ["GET", "/secret?Signature=x&AWSAccessKeyId=S3RVER&Expires=9999999999"],
  ])("an unsigned %s %s", async (method, target) => {
    const { status } = await send(method, BASE + target);
    expect([400, 403, 501]).toContain(status);
    expect(await read("secret")).toBe("top secret");
  });

  it("a foreign key, the built-in key, a wrong secret", async () => {
    const builtIn = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
    for (const credentials of [
      builtIn,
      { ...keys, secretAccessKey: "wrong" },
      { ...keys, accessKeyId: "nobody" },
    ]) {
      const other = clientWith(credentials);
      await expect(
        other.send(new GetObjectCommand({ Bucket, Key: "secret" })),
      ).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
      other.destroy();
    }
    expect((await send("GET", `${BASE}/secret`, { authorization: "AWS S3RVER:x" })).status).toBe(
      403,
    );
  });

  it("another region, another service, an unsigned host", async () => {
    const target = `${BASE}/secret`;
    expect((await send("GET", target, signed("GET", target))).text).toBe("top secret");
    const wrong = [
      signed("GET", target, { region: "mars-1" }),
      signed("GET", target, { service: "sqs" }),
      signed("GET", target, { signedHeaders: ["x-amz-content-sha256", "x-amz-date"] }),
      signed("GET", target, { signedHeaders: ["host", "x-amz-date"] }),
    ];
    for (const headers of wrong) {
      expect([400, 403]).toContain((await send("GET", target, headers)).status);
    }
    const elsewhere = clientWith(keys, "eu-central-1");
    await expect(
      elsewhere.send(new GetObjectCommand({ Bucket, Key: "secret" })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
    elsewhere.destroy();
  });

  it.each([
    "/../../outside",
    "/..%2f..%2foutside",
    "/%2e%2e/%2e%2e/outside",
    "/a/%2E%2E/%2E%2E/%2E%2E/outside",
    "/..%5c..%5coutside",
    "/a/./b",
    "/a%00b",
    "/%zz",
  ])("a signed path that leads out: %s", async (key) => {
    const target = BASE + key;
    const { status } = await send("PUT", target, signed("PUT", target), "x");
    expect([400, 404]).toContain(status);
    expect(readdirSync(folder)).toEqual(["s3"]);
    expect(readdirSync(directory)).toEqual([Bucket]);
  });

  it("keys that lead out, in a body, a copy or an upload's number", async () => {
    await put("victim", "still here");
    const outside = path.join(folder, "outside._S3rver_object");
    const { writeFileSync, existsSync } = await import("node:fs");
    writeFileSync(outside, "x");
    const Objects = [{ Key: "../../outside" }];
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })).catch(() => {});
    expect(existsSync(outside)).toBe(true);
    rmSync(outside);
    const copy = `${BASE}/copied`;
    const headers = signed("PUT", copy, {
      headers: { "x-amz-copy-source": "/kontor/../../etc/passwd" },
    });
    expect((await send("PUT", copy, headers)).status).toBe(400);
    for (const query of [
      "partNumber=1&uploadId=..%2F..%2Fx",
      "partNumber=..%2Fx&uploadId=00000000000000000000000000000000",
    ]) {
      const target = `${BASE}/x?${query}`;
      expect([400, 404]).toContain((await send("PUT", target, signed("PUT", target), "x")).status);
    }
    expect(readdirSync(folder)).toEqual(["s3"]);
  });

  it("an expired URL, another method, another key", async () => {
    const command = new GetObjectCommand({ Bucket, Key: "secret" });
    const past = await presigned(command, { signingDate: new Date(Date.now() - 120_000) });
    expect((await fetch(past)).status).toBe(403);
    const url = await presigned(command);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
    expect((await fetch(url.replace("/secret", "/victim"))).status).toBe(403);
    expect((await fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"))).status).toBe(403);
    expect((await fetch(url)).status).toBe(200);
  });

  it("settings that would open the bucket", async () => {
    const CORSConfiguration = { CORSRules: [{ AllowedMethods: ["GET"], AllowedOrigins: ["*"] }] };
    await expect(
      client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
    const target = `${BASE}?website`;
    const sent = signed("PUT", `${target}=`);
    expect((await send("PUT", `${target}=`, sent, "<x/>")).status).toBe(501);
  });
});
