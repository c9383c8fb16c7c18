/** What the AWS SDK and a browser with a presigned URL do with the object store. */
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { Bucket, client, directory, presigned, put, read, useStore } from "../testing_s3_store.ts";

useStore();

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

  it("deletes and puts side by side in one folder", async () => {
    for (let round = 0; round < 10; round += 1) {
      const numbers = Array.from({ length: 8 }, (_, index) => `busy/${round}/${index}`);
      await Promise.all(numbers.map((key) => put(key, "x")));
      const Delete = { Objects: numbers.map((Key) => ({ Key })) };
      await Promise.all([
        client.send(new DeleteObjectsCommand({ Bucket, Delete })),
        put(`busy/${round}/kept`, "y"),
      ]);
    }
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "busy/" }));
    expect(Contents).toHaveLength(10);
  });

  it("lists everything, a page or more", async () => {
    const numbers = Array.from(
      { length: 600 },
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
    const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await client.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: part }),
      );
      Parts.push({ ETag, PartNumber });
    }
    const complete = (parts: typeof Parts) => {
      const MultipartUpload = { Parts: parts };
      return client.send(
        new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }),
      );
    };
    for (const wrong of [
      { ETag: '"0123"', PartNumber: 2 },
      { ETag: '"0123"', PartNumber: 3 },
    ]) {
      await expect(complete([...Parts.slice(0, 1), wrong])).rejects.toMatchObject({
        name: "InvalidPart",
      });
    }
    const { ETag } = await complete(Parts);
    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect((await client.send(new HeadObjectCommand({ Bucket, Key }))).ETag).toBe(ETag);
    const ranged = new GetObjectCommand({ Bucket, Key, Range: "bytes=10485755-" });
    const tail = await client.send(ranged);
    expect(tail.ContentRange).toBe("bytes 10485755-10485759/10485760");
    expect(await tail.Body?.transformToString()).toBe("xxxxx");
  });

  it("lists the uploads in parts that are under way, and aborts one", async () => {
    const begin = async (Key: string) =>
      (await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId ?? "";
    const [one, two] = [await begin("parts/one"), await begin("parts/two"), await begin("other")];
    const abort = (Key: string, UploadId: string) =>
      client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    const list = async () => {
      const command = new ListMultipartUploadsCommand({ Bucket, Prefix: "parts/" });
      return (await client.send(command)).Uploads?.map(({ Key, UploadId }) => [Key, UploadId]);
    };
    expect(await list()).toEqual([
      ["parts/one", one],
      ["parts/two", two],
    ]);
    await expect(abort("parts/one", two)).rejects.toMatchObject({ name: "NoSuchUpload" });
    await abort("parts/one", one);
    await expect(abort("parts/one", one)).rejects.toMatchObject({ name: "NoSuchUpload" });
    expect(await list()).toEqual([["parts/two", two]]);
    const late = { Bucket, Key: "parts/one", UploadId: one, PartNumber: 1, Body: "too late" };
    await expect(client.send(new UploadPartCommand(late))).rejects.toMatchObject({
      name: "NoSuchUpload",
    });
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
