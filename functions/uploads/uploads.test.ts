import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, type Person, portalUrl, type TestTenant } from "../../scripts/stack/testing.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import { ask, expectProblem, pathsOf, placeOrder, type Who } from "../_shared/testing.ts";
import { announce, bytesOf, complete, objectsOf, PDF, put, sha256Of, upload } from "./testing.ts";

let tenant: TestTenant;
let order: Order;
let member: Person;
beforeAll(async () => {
  tenant = await newTenant();
  member = await tenant.join("member");
  order = await placeOrder(tenant);
});
const as = ({ token }: Person): Who => ({ token });

describe("an upload", () => {
  test("is announced, sent to the store, checked, and kept under another key", async () => {
    const announced = await announce(as(member), {
      entity_id: order.id,
      sha256: sha256Of(PDF),
    });
    expect(announced).toMatchObject({
      status: 201,
      body: { method: "PUT", headers: { "content-type": "application/pdf" } },
    });
    const { body } = announced;
    expect(Date.parse(body.expires_at)).toBeGreaterThan(Date.now());
    const keyBefore = `incoming/${tenant.id}/order/${body.attachment_id}`;
    expect(new URL(body.url).pathname).toMatch(new RegExp(`/${keyBefore}$`));
    expect((await put(body, PDF)).status).toBe(200);

    const completed = await complete(as(member), body);
    expect(completed).toMatchObject({ status: 200 });
    expect(completed.body).toEqual({
      id: body.attachment_id,
      entity_type: "order",
      entity_id: order.id,
      file_name: "Offer.pdf",
      content_type: "application/pdf",
      byte_size: PDF.length,
      sha256: sha256Of(PDF),
      status: "ready",
      preview: "pending",
      created_by: member.id,
      created_at: expect.any(String),
    });
    const kept = await objectsOf(tenant.id);
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatch(new RegExp(`^${tenant.id}/order/[0-9a-f-]{36}$`));

    // Its address still holds, and changes nothing any more.
    const other = Uint8Array.from(PDF).reverse();
    expect((await put(body, other)).status).toBe(200);
    expect(await complete(as(member), body)).toMatchObject({ status: 200, body: completed.body });
    const got = await fetch(`${await location(body.attachment_id)}`);
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(PDF);
  });

  test("may be empty", async () => {
    const file = await upload(tenant, order.id, new Uint8Array(), {
      content_type: "text/plain",
      sha256: sha256Of(new Uint8Array()),
    });
    expect(file).toMatchObject({ byte_size: 0, status: "ready" });
    const got = await fetch(await location(file.id));
    expect([got.status, (await got.arrayBuffer()).byteLength]).toEqual([200, 0]);
  });

  test("may be completed twice at once", async () => {
    const { body } = await announce(tenant, { entity_id: order.id });
    await put(body, PDF);
    const both = await Promise.all([complete(tenant, body), complete(tenant, body)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
  });

  test("checked by two people at once is kept once", async () => {
    const fresh = await newTenant();
    const { id } = await placeOrder(fresh);
    const second = await fresh.join("member");
    const { body } = await announce(fresh, { entity_id: id });
    await put(body, PDF);
    const both = await Promise.all([complete(fresh, body), complete(as(second), body)]);
    for (const { status } of both) expect([200, 409]).toContain(status);
    expect(both.map(({ status }) => status)).toContain(200);
    expect(await objectsOf(fresh.id)).toHaveLength(1);
  });

  test("is announced once under an Idempotency-Key, its address signed anew", async () => {
    const headers = { "idempotency-key": "files-1" };
    const body = {
      file_name: "a.csv",
      content_type: "Text/CSV; charset=utf-8",
      byte_size: 3,
      entity_type: "order",
      entity_id: order.id,
    };
    const first = await ask("/uploads/presign", { ...tenant, body, headers });
    const second = await ask("/uploads/presign", { ...tenant, body, headers });
    expect(first).toMatchObject({ status: 201, body: { headers: { "content-type": "text/csv" } } });
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(second).toMatchObject({
      status: 201,
      body: { attachment_id: (first.body as { attachment_id: string }).attachment_id },
    });
  });

  test.each([
    ["application/x-zip-compressed", "application/zip"],
    [" IMAGE/JPG ", "image/jpeg"],
  ])("of type %s is kept as %s", async (content_type, usual) => {
    const { body } = await announce(tenant, { entity_id: order.id, content_type });
    expect(body.headers).toEqual({ "content-type": usual });
  });

  test("may come from the portal's page", async () => {
    const { body } = await announce(tenant, { entity_id: order.id });
    const origin = portalUrl();
    const preflight = await fetch(body.url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "PUT",
        "access-control-request-headers": Object.keys(body.headers).join(","),
      },
    });
    expect(preflight.ok).toBe(true);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PUT");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("content-type");
    const sent = await put(body, PDF, { origin });
    expect(sent.status).toBe(200);
    expect(sent.headers.get("access-control-allow-origin")).toBe(origin);
  });
});

describe("an announcement is refused", () => {
  test("for fields that do not fit, each named", async () => {
    const answer = await ask("/uploads/presign", {
      ...tenant,
      body: { file_name: "", byte_size: -1, content_type: "pdf", sha256: "x", size: 1 },
    });
    expect(pathsOf(expectProblem(answer, 422, "validation_failed"))).toEqual([
      "byte_size",
      "content_type",
      "entity_id",
      "entity_type",
      "file_name",
      "sha256",
      "size",
    ]);
  });

  test.each([
    "a\r\nX-Evil: 1.pdf",
    "a\0.pdf",
    "a\u001b[2J.pdf",
    "gpj.\u202etxt",
    " ",
    "x".repeat(256),
  ])(
    "for the name %j",
    async (file_name) => {
      const answer = await announce(tenant, { entity_id: order.id, file_name });
      expect(pathsOf(expectProblem(answer, 422, "validation_failed"))).toEqual(["file_name"]);
    },
  );

  test.each(["application/x-msdownload", "application/octet-stream", "text/javascript"])(
    "for the type %s",
    async (content_type) => {
      const answer = await announce(tenant, { entity_id: order.id, content_type });
      expectProblem(answer, 415, "unsupported_media_type");
    },
  );

  test("for more than 50 MiB", async () => {
    const at = (byte_size: number) => announce(tenant, { entity_id: order.id, byte_size });
    expectProblem(await at(52_428_801), 413, "too_large");
    expect((await at(52_428_800)).status).toBe(201);
  });

  test("for viewers, strangers, and records that are not there or in the trash", async () => {
    const viewer = await tenant.join("viewer");
    const stranger = await newTenant();
    const entity_id = order.id;
    expectProblem(await announce(as(viewer), { entity_id }), 403, "forbidden");
    expectProblem(await announce(stranger, { entity_id }), 404, "not_found");
    expectProblem(await announce(tenant, { entity_id: tenant.id }), 404, "not_found");
    expectProblem(await announce(tenant, { entity_id, entity_type: "product" }), 404, "not_found");
    expectProblem(await ask("/uploads/presign", { body: {} }), 401, "unauthenticated");

    const trashed = await placeOrder(tenant);
    const { body } = await announce(tenant, { entity_id: trashed.id });
    await put(body, PDF);
    await ask(`/orders/${trashed.id}`, { ...tenant, method: "DELETE" });
    expectProblem(await announce(tenant, { entity_id: trashed.id }), 409, "conflict");
    expectProblem(await complete(tenant, body), 409, "conflict");
  });
});

async function location(id: string): Promise<string> {
  const answer = await ask(`/attachments/${id}/download`, tenant);
  expect(answer.status).toBe(302);
  return answer.headers.get("location") ?? "";
}

test("the store takes an address only as it was signed", async () => {
  const { body } = await announce(tenant, { entity_id: order.id });
  const { body: other } = await announce(tenant, { entity_id: order.id });
  const moved = body.url.replace(body.attachment_id, other.attachment_id);
  const status = async (answer: Promise<Response>) => (await answer).status;
  expect(await status(put(body, PDF.subarray(1)))).toBe(403);
  expect(await status(put(body, Uint8Array.from([...PDF, 32])))).toBe(403);
  expect(await status(put(body, PDF, { "content-type": "text/html" }))).toBe(403);
  expect(await status(put(body, PDF, { "x-amz-acl": "public-read" }))).toBe(403);
  expect(await status(put({ ...body, url: moved }, PDF))).toBe(403);
  expect(await status(put({ ...body, url: body.url.split("?")[0] ?? "" }, PDF))).toBe(403);
  expect(await status(fetch(body.url))).toBe(403);
  expect(await status(fetch(body.url, { method: "DELETE" }))).toBe(403);
  const text = bytesOf("late");
  expect(await status(fetch(body.url, { method: "POST", body: text }))).toBe(403);
  expectProblem(await complete(tenant, body), 409, "upload_mismatch");
  expect(await status(put(body, PDF))).toBe(200);
  expect((await complete(tenant, body)).status).toBe(200);
});
