import { randomUUID } from "node:crypto";
import sharp from "sharp";
import { extractImages, getDocumentProxy } from "unpdf";
import { describe, expect, test } from "vitest";
import { apiUrl, newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
import { bomb, twoHalves } from "../../tasks/previews/samples.ts";
import type { Attachment } from "../_shared/contracts/files.ts";
import type { Tenant } from "../_shared/contracts/tenancy.ts";
import {
  ask,
  expectProblem,
  get,
  type List,
  pathsOf,
  placeOrder,
  type Who,
} from "../_shared/testing.ts";
import { announce, complete, objectsOf, put, upload } from "../uploads/testing.ts";

const PICTURE = { content_type: "image/png", file_name: "Logo.png", entity_type: "tenant" };

const picture = async () => new Uint8Array(await twoHalves(600, 200).png().toBuffer());

const filesOf = async ({ id }: TestTenant, who: Who) =>
  (await get<List<Attachment>>(`/attachments?entity_type=tenant&entity_id=${id}`, who)).data;

const change = (tenant: TestTenant, body: unknown, who: Who = tenant) =>
  ask<Tenant>(`/tenants/${tenant.id}`, { ...who, method: "PATCH", body });

/** Uploads a picture of the tenant's own and waits until it was looked at. */
async function uploadLogo(
  tenant: TestTenant,
  bytes?: Uint8Array<ArrayBuffer>,
  content_type = "image/png",
): Promise<string> {
  const fields = { ...PICTURE, content_type };
  const { id } = await upload(tenant, tenant.id, bytes ?? await picture(), fields);
  const preview = async () =>
    (await filesOf(tenant, tenant)).find((file) => file.id === id)?.preview;
  await expect.poll(preview, { timeout: 30_000 }).not.toBe("pending");
  return id;
}

async function printed(tenant: TestTenant, order: string, etag?: string) {
  const response = await fetch(`${apiUrl()}/functions/v1/orders/${order}/pdf`, {
    headers: {
      authorization: `Bearer ${tenant.token}`,
      ...(etag === undefined ? {} : { "if-none-match": etag }),
    },
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 200) return { status: response.status, etag: "", pictures: [] };
  const pictures = await extractImages(await getDocumentProxy(bytes), 1);
  return {
    status: response.status,
    etag: response.headers.get("etag") ?? "",
    pictures: pictures.map(({ width, height }) => [width, height]),
  };
}

describe("a tenant's logo", () => {
  test("is on its documents from when its settings name it until they do not", async () => {
    const tenant = await newTenant();
    const order = await placeOrder(tenant);
    const before = await printed(tenant, order.id);
    expect(before.pictures).toEqual([]);

    const first = await uploadLogo(tenant);
    expect((await change(tenant, { logo_id: first })).body).toMatchObject({ logo_id: first });
    const after = await printed(tenant, order.id, before.etag);
    expect(after).toMatchObject({ status: 200, pictures: [[600, 200]] });
    expect((await printed(tenant, order.id, after.etag)).status).toBe(304);

    const second = await uploadLogo(tenant);
    expect((await change(tenant, { logo_id: second })).status).toBe(200);
    expect((await filesOf(tenant, tenant)).map(({ id }) => id)).toEqual([second]);
    await expect.poll(() => objectsOf(tenant.id), { timeout: 20_000 }).toHaveLength(2);

    expect((await change(tenant, { logo_id: null })).body).toMatchObject({ logo_id: null });
    expect((await printed(tenant, order.id)).pictures).toEqual([]);
    await expect.poll(() => objectsOf(tenant.id), { timeout: 20_000 }).toEqual([]);
  });

  test("that is deleted as a file is no logo any more", async () => {
    const tenant = await newTenant();
    const id = await uploadLogo(tenant);
    await change(tenant, { logo_id: id });
    expect((await ask(`/attachments/${id}`, { ...tenant, method: "DELETE" })).status).toBe(204);
    expect((await ask(`/tenants/${tenant.id}`, tenant)).body).toMatchObject({ logo_id: null });
  });

  test("is for admins to give and to take, for viewers to see, for others nothing", async () => {
    const tenant = await newTenant();
    const admin = await tenant.join("admin");
    const fields = { ...PICTURE, entity_id: tenant.id, byte_size: 10 };
    expect((await announce(admin, fields)).status).toBe(201);
    const id = await uploadLogo(tenant);
    for (const role of ["viewer", "member"] as const) {
      const person = await tenant.join(role);
      expectProblem(await announce(person, fields), 403, "forbidden");
      expectProblem(await change(tenant, { logo_id: id }, person), 403, "forbidden");
      const deletion = await ask(`/attachments/${id}`, { ...person, method: "DELETE" });
      expectProblem(deletion, 403, "forbidden");
      expect(await filesOf(tenant, person)).toHaveLength(1);
      expect((await ask(`/attachments/${id}/preview`, person)).status).toBe(302);
    }
    const other = await newTenant();
    expectProblem(await announce(other, fields), 404, "not_found");
    expectProblem(await change(tenant, { logo_id: id }, other), 404, "not_found");
    const stolen = expectProblem(await change(other, { logo_id: id }), 422, "validation_failed");
    expect(pathsOf(stolen)).toEqual(["logo_id"]);
    expectProblem(await ask(`/attachments/${id}/preview`, other), 404, "not_found");
  });

  test("is a small PNG, JPEG or WebP", async () => {
    const tenant = await newTenant();
    const ask = (fields: Record<string, unknown>) =>
      announce(tenant, { ...PICTURE, entity_id: tenant.id, ...fields });
    for (const content_type of ["image/gif", "image/svg+xml", "application/pdf"]) {
      expectProblem(await ask({ content_type }), 415, "unsupported_media_type");
    }
    expectProblem(await ask({ byte_size: 1024 ** 2 + 1 }), 413, "too_large");
    expect((await ask({ byte_size: 1024 ** 2 })).status).toBe(201);
  });

  test("is nothing that cannot be looked at, is looked at still, or is no picture of its own", async () => {
    const tenant = await newTenant();
    const harmful = await uploadLogo(tenant, new Uint8Array(await bomb()));
    const ofOrder = await upload(tenant, (await placeOrder(tenant)).id, await picture(), {
      ...PICTURE,
      entity_type: "order",
    });
    for (const logo_id of [harmful, ofOrder.id, randomUUID(), tenant.id, "x", 1]) {
      const refused = expectProblem(await change(tenant, { logo_id }), 422, "validation_failed");
      expect(pathsOf(refused)).toEqual(["logo_id"]);
    }
    const bytes = await picture();
    const fields = { ...PICTURE, entity_id: tenant.id, byte_size: bytes.length };
    const { body } = await announce(tenant, fields);
    await put(body, bytes);
    const path = { logo_id: body.attachment_id };
    expectProblem(await change(tenant, path), 422, "validation_failed");
    expect((await complete(tenant, body)).status).toBe(200);
    await owner()`update public.attachments set preview = 'pending' where id = ${body.attachment_id}`;
    expectProblem(await change(tenant, path), 409, "conflict");
    expect((await get<Tenant>(`/tenants/${tenant.id}`, tenant)).logo_id).toBeNull();
  });

  test("that is a photograph is not carried along at its full weight", async () => {
    const tenant = await newTenant();
    const noise = { type: "gaussian" as const, mean: 128, sigma: 60 };
    const photograph = await sharp({
      create: { width: 900, height: 450, channels: 3, background: "#888", noise },
    }).jpeg().toBuffer();
    const id = await uploadLogo(tenant, new Uint8Array(photograph), "image/jpeg");
    expect((await change(tenant, { logo_id: id })).status).toBe(200);
    const link = await get<{ url: string }>(`/attachments/${id}/preview?redirect=false`, tenant);
    const { byteLength } = await (await fetch(link.url)).arrayBuffer();
    expect(byteLength).toBeLessThan(1024 ** 2);
    const { id: order } = await placeOrder(tenant);
    expect((await printed(tenant, order)).pictures).toEqual([[900, 450]]);
  });
});

describe("a tenant's phone and e-mail", () => {
  test("are kept, checked, and can be done without", async () => {
    const tenant = await newTenant();
    const given = { phone: "+49 40 123", email: "Office@Acme.test" };
    expect((await change(tenant, given)).body).toMatchObject({
      phone: "+49 40 123",
      email: "office@acme.test",
    });
    expect((await change(tenant, { phone: null, email: null })).body).toMatchObject({
      phone: null,
      email: null,
    });
    const refused = await change(tenant, { email: "nobody", phone: "1".repeat(101) });
    expect(pathsOf(expectProblem(refused, 422, "validation_failed"))).toEqual(["email", "phone"]);
  });
});
