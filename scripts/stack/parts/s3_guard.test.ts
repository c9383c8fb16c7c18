/** What the object store refuses, and s3rver alone would not. */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DeleteObjectsCommand, GetObjectCommand, PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "vitest";
import {
  BASE,
  Bucket,
  client,
  clientWith,
  directory,
  folder,
  keys,
  presigned,
  put,
  read,
  send,
  signed,
  useStore,
} from "../testing_s3_store.ts";

useStore();

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
