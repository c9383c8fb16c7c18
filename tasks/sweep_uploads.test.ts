import { randomUUID } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect, test, vi } from "vitest";
import { ask, placeOrder } from "../functions/_shared/testing.ts";
import { announce, complete, objectsOf, PDF, put, upload } from "../functions/uploads/testing.ts";
import { newTenant, owner, stack } from "../scripts/stack/testing.ts";
import { deleteOlder } from "./delete_older.ts";
import { openObjectStore } from "./s3.ts";

const store = () => {
  const { endpoint, region, bucket, access_key_id, secret_access_key } = stack().s3;
  return openObjectStore({
    S3_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: access_key_id,
    S3_SECRET_ACCESS_KEY: secret_access_key,
  });
};

test("what was announced a day ago and never completed is forgotten", async () => {
  const tenant = await newTenant();
  const order = await placeOrder(tenant);
  const kept = await upload(tenant, order.id);
  const { body: old } = await announce(tenant, { entity_id: order.id });
  const { body: fresh } = await announce(tenant, { entity_id: order.id });
  const ids = [kept.id, old.attachment_id];
  await owner()`
    update public.attachments set created_at = now() - interval '25 hours' where id = any(${ids})`;
  await owner()`select private.enqueue(${tenant.id}, 'sweep_uploads', '{}')`;
  const there = () => owner()`select id from public.attachments where tenant_id = ${tenant.id}`;
  await vi.waitFor(async () => expect(await there()).toHaveLength(2), { timeout: 20_000 });
  expect((await complete(tenant, old)).status).toBe(404);
  expect((await put(fresh, PDF)).status).toBe(200);
  expect((await complete(tenant, fresh)).status).toBe(200);
  expect((await ask(`/attachments/${kept.id}/download`, tenant)).status).toBe(302);
});

test("what was sent and never looked at is deleted when it is old enough", async () => {
  const prefix = randomUUID();
  const objects = store();
  for (const name of ["a", "b"]) {
    const Key = `${prefix}/${name}`;
    await objects.client.send(new PutObjectCommand({ Bucket: objects.bucket, Key, Body: name }));
  }
  const minute = 60_000;
  expect(await deleteOlder(objects, `${prefix}/`, new Date(Date.now() - minute))).toBe(0);
  expect(await objectsOf(prefix)).toHaveLength(2);
  expect(await deleteOlder(objects, `${prefix}/`, new Date(Date.now() + minute))).toBe(2);
  expect(await objectsOf(prefix)).toEqual([]);
});
