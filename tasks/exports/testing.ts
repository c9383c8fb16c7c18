/** What the tests of exports share: to ask for one, wait for it, and look into the object store. */
import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { expect, vi } from "vitest";
import type { Export } from "../../functions/_shared/contracts/exports.ts";
import { ask, get, type Who } from "../../functions/_shared/testing.ts";
import { stack } from "../../scripts/stack/testing.ts";
import { type ObjectStore, openObjectStore } from "../s3.ts";

export const ACME = "018fe5b2-0400-79f0-8632-478b9f4d0e9c";

/** Asks for an export; `path` is that of its list. */
export async function request(path: string, who: Who, body: unknown): Promise<Export> {
  const answer = await ask<{ export: Export }>(`${path}/export`, { ...who, body });
  expect(answer).toMatchObject({ status: 202 });
  return answer.body.export;
}

export const read = (who: Who, id: string) => get<Export>(`/exports/${id}`, who);

/** Waits until an export is in one of the states. */
export async function until(who: Who, id: string, ...states: Export["status"][]): Promise<Export> {
  return await vi.waitFor(
    async () => {
      const found = await read(who, id);
      expect(states, found.error ?? "").toContain(found.status);
      return found;
    },
    { timeout: 150_000, interval: 50 },
  );
}

export type File = { made: Export; bytes: Buffer; headers: Headers };

/** Asks for an export, waits for it, and downloads it as a browser would. */
export async function download(path: string, who: Who, body: unknown): Promise<File> {
  const { id } = await request(path, who, body);
  const made = await until(who, id, "succeeded", "failed");
  expect(made).toMatchObject({ status: "succeeded", error: null });
  const response = await fetch(made.download_url ?? "");
  expect(response.status).toBe(200);
  return { made, bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
}

/** The stack's object store, with its own keys. */
export function store(): ObjectStore {
  const { s3 } = stack();
  return openObjectStore({
    S3_ENDPOINT: s3.endpoint,
    S3_REGION: s3.region,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.access_key_id,
    S3_SECRET_ACCESS_KEY: s3.secret_access_key,
  });
}

/** What lies in the store, or is on its way there, under a prefix. */
export async function stored(prefix: string): Promise<{ objects: string[]; uploads: number }> {
  const { client, bucket } = store();
  const where = { Bucket: bucket, Prefix: prefix };
  const { Contents = [] } = await client.send(new ListObjectsV2Command(where));
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(where));
  return { objects: Contents.map(({ Key }) => Key ?? ""), uploads: Uploads.length };
}
