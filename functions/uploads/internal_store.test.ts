/** The store under two addresses: one that is signed for browsers, one that the functions ask. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { newTenant, stack, type TestTenant } from "../../scripts/stack/testing.ts";
import type { PresignedUpload } from "../_shared/contracts/files.ts";
import { type OwnFunctions, spawnFunctions, tokenOf } from "../_shared/spawn_functions.ts";
import { placeOrder } from "../_shared/testing.ts";
import { PDF, putDirectly } from "./testing.ts";

/** Leads nowhere, as a public name does before it is made. */
const PUBLIC = "https://api.nowhere.invalid/storage/v1/s3";

let tenant: TestTenant;
let functions: OwnFunctions;
beforeAll(async () => {
  tenant = await newTenant();
  const { endpoint, region, bucket, access_key_id, secret_access_key } = stack().s3;
  functions = await spawnFunctions({
    S3_ENDPOINT: PUBLIC,
    S3_INTERNAL_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: access_key_id,
    S3_SECRET_ACCESS_KEY: secret_access_key,
  });
});
afterAll(() => functions?.stop());

async function call(path: string, body?: unknown): Promise<Response> {
  return await fetch(functions.url + path, {
    method: body === undefined ? "GET" : "POST",
    redirect: "manual",
    headers: {
      authorization: `Bearer ${await tokenOf(tenant.owner.id)}`,
      "x-tenant-id": tenant.id,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

test("browsers get the public address, and the check of an upload asks the internal one", async () => {
  const order = await placeOrder(tenant);
  const announced = await call("/uploads/presign", {
    file_name: "Offer.pdf",
    content_type: "application/pdf",
    byte_size: PDF.length,
    entity_type: "order",
    entity_id: order.id,
  });
  expect(announced.status).toBe(201);
  const { url, attachment_id }: PresignedUpload = await announced.json();
  expect(url.startsWith(`${PUBLIC}/`)).toBe(true);

  const key = new URL(url).pathname.slice(`/storage/v1/s3/${stack().s3.bucket}/`.length);
  await putDirectly(key, "application/pdf", PDF);
  expect((await call(`/uploads/${attachment_id}/complete`, {})).status).toBe(200);

  const download = await call(`/attachments/${attachment_id}/download`);
  expect(download.status).toBe(302);
  expect(download.headers.get("location")?.startsWith(`${PUBLIC}/`)).toBe(true);
});

test("whether the store is well is asked of the internal one", async () => {
  const report = await (await fetch(`${functions.url}/healthz`)).json();
  expect(report.checks.storage).toMatchObject({ status: "ok" });
});
