import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import { ask, expectProblem, placeOrder } from "../_shared/testing.ts";
import {
  announce,
  bytesOf,
  complete,
  deleteDirectly,
  keyOf,
  objectsOf,
  PDF,
  put,
  putDirectly,
  sha256Of,
  ZIP,
} from "./testing.ts";

let tenant: TestTenant;
let order: Order;
beforeAll(async () => {
  tenant = await newTenant();
  order = await placeOrder(tenant);
});

/** Announces, sends, and expects the check to refuse it and to leave nothing behind. */
async function refused(
  bytes: Uint8Array<ArrayBuffer>,
  fields: Record<string, unknown>,
  spoil: (key: string, type: string) => Promise<void> = async () => {},
) {
  const announced = await announce(tenant, {
    entity_id: order.id,
    byte_size: bytes.length,
    ...fields,
  });
  expect(announced.status).toBe(201);
  const before = await objectsOf(tenant.id);
  expect((await put(announced.body, bytes)).status).toBe(200);
  await spoil(keyOf(announced.body), announced.body.headers["content-type"] ?? "");
  const problem = expectProblem(await complete(tenant, announced.body), 409, "upload_mismatch");
  expect(await objectsOf(tenant.id)).toEqual(before);
  const download = await ask(`/attachments/${announced.body.attachment_id}/download`, tenant);
  expectProblem(download, 404, "not_found");
  return problem.detail;
}

describe("an upload is refused and deleted", () => {
  test("when nothing was sent yet; it can still be sent", async () => {
    const { body } = await announce(tenant, { entity_id: order.id });
    expectProblem(await complete(tenant, body), 409, "upload_mismatch");
    expect((await put(body, PDF)).status).toBe(200);
    expect((await complete(tenant, body)).status).toBe(200);
  });

  test("when its SHA-256 is another", async () => {
    expect(await refused(PDF, { sha256: sha256Of(bytesOf("other")) })).toMatch(/SHA-256/);
  });

  test("when its size is another", async () => {
    expect(
      await refused(PDF, {}, (key, type) => putDirectly(key, type, PDF.subarray(0, 20))),
    ).toMatch(/size/);
  });

  test("when its type is another", async () => {
    expect(await refused(PDF, {}, (key) => putDirectly(key, "text/html", PDF))).toMatch(/type/);
  });

  test("when it is gone again", async () => {
    expect(await refused(PDF, {}, (key) => deleteDirectly(key))).toMatch(/Nothing/);
  });

  test.each([
    ["a zip file as a PDF", ZIP, "application/pdf"],
    ["text as a PNG", bytesOf("hello"), "image/png"],
    ["a PDF as text", PDF, "text/plain"],
    ["a program as a table", Uint8Array.from([0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0]), "text/csv"],
    ["a PDF as a spreadsheet", PDF, "application/vnd.oasis.opendocument.spreadsheet"],
  ])("when it is %s", async (_, bytes, content_type) => {
    expect(await refused(bytes, { content_type })).toMatch(/content/);
  });
});

test("the uploads under way count against the quota", async () => {
  const small = await newTenant();
  const { id } = await placeOrder(small);
  await owner()`insert into private.storage_quotas (tenant_id, max_bytes) values (${small.id}, 100)`;
  const at = (byte_size: number) => announce(small, { entity_id: id, byte_size });
  const first = await at(60);
  expect(first.status).toBe(201);
  expectProblem(await at(41), 413, "too_large");
  expect((await at(40)).status).toBe(201);
  const path = `/attachments/${first.body.attachment_id}`;
  expect((await ask(path, { ...small, method: "DELETE" })).status).toBe(204);
  expect((await at(60)).status).toBe(201);
});
