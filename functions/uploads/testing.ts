/** What the tests of files share: uploads as a browser makes them, and a look into the store. */
import { createHash } from "node:crypto";
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import { stack } from "../../scripts/stack/testing.ts";
import { s3Client } from "../../scripts/stack/testing_s3.ts";
import type { Attachment, PresignedUpload } from "../_shared/contracts/files.ts";
import { ask, type Typed, type Who } from "../_shared/testing.ts";

export const bytesOf = (text: string) => new TextEncoder().encode(text);
export const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

export const PDF = bytesOf(
  "%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n",
);
/** A zip file with nothing in it. */
export const ZIP = Uint8Array.from([0x50, 0x4b, 5, 6, ...new Array(18).fill(0)]);

/** Announces an upload; what is not said is a PDF's. */
export function announce(
  who: Who,
  fields: Record<string, unknown>,
): Promise<Typed<PresignedUpload>> {
  const body = {
    file_name: "Offer.pdf",
    content_type: "application/pdf",
    byte_size: PDF.length,
    entity_type: "order",
    ...fields,
  };
  return ask<PresignedUpload>("/uploads/presign", { ...who, body });
}

/** Sends the bytes as announced. */
export function put(
  { url, headers }: PresignedUpload,
  bytes: Uint8Array<ArrayBuffer>,
  more: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, { method: "PUT", headers: { ...headers, ...more }, body: bytes });
}

/** Completes an upload. */
export const complete = (who: Who, { attachment_id }: PresignedUpload) =>
  ask<Attachment>(`/uploads/${attachment_id}/complete`, { ...who, method: "POST" });

/** Uploads a file to an order. */
export async function upload(
  who: Who,
  entity_id: string,
  bytes: Uint8Array<ArrayBuffer> = PDF,
  fields: Record<string, unknown> = {},
): Promise<Attachment> {
  const announced = await announce(who, { entity_id, byte_size: bytes.length, ...fields });
  expect(announced).toMatchObject({ status: 201 });
  expect((await put(announced.body, bytes)).status).toBe(200);
  const completed = await complete(who, announced.body);
  expect(completed).toMatchObject({ status: 200 });
  return completed.body;
}

const store = () => {
  const { endpoint, region, bucket, access_key_id, secret_access_key } = stack().s3;
  const keys = { accessKeyId: access_key_id, secretAccessKey: secret_access_key };
  return { client: s3Client({ endpoint, region, ...keys }), bucket };
};

/** The keys of a tenant's objects, uploads that were not looked at yet included. */
export async function objectsOf(tenant: string): Promise<string[]> {
  const { client, bucket } = store();
  const listed = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  return (listed.Contents ?? []).flatMap(({ Key = "" }) => Key.includes(tenant) ? [Key] : [])
    .sort();
}

/** Puts an object past every check, as an operator could. */
export async function putDirectly(key: string, type: string, bytes: Uint8Array): Promise<void> {
  const { client, bucket } = store();
  const command = { Bucket: bucket, Key: key, ContentType: type, Body: bytes };
  await client.send(new PutObjectCommand(command));
}

/** Takes an object away past every check. */
export async function deleteDirectly(key: string): Promise<void> {
  const { client, bucket } = store();
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
}

/** The key that an address writes to. */
export const keyOf = ({ url }: PresignedUpload) =>
  new URL(url).pathname.slice(`/storage/v1/s3/${stack().s3.bucket}/`.length);
