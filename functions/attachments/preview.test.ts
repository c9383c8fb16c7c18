import { beforeAll, describe, expect, test } from "vitest";
import { newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
import { bomb, page, photo } from "../../tasks/previews/samples.ts";
import type { Attachment } from "../_shared/contracts/files.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import { ask, expectProblem, get, type List, placeOrder, type Who } from "../_shared/testing.ts";
import { objectsOf, upload } from "../uploads/testing.ts";

let tenant: TestTenant;
let order: Order;
beforeAll(async () => {
  tenant = await newTenant();
  order = await placeOrder(tenant);
});

const jpeg = { content_type: "image/jpeg", file_name: "Ware.jpg" };

async function uploadPhoto(who: Who = tenant, { id } = order): Promise<Attachment> {
  return await upload(who, id, new Uint8Array(await photo()), jpeg);
}

/** A file once its preview is made or given up. */
async function settled({ id, entity_id }: Attachment, who: Who = tenant): Promise<Attachment> {
  const list = `/attachments?entity_type=order&entity_id=${entity_id}&limit=200`;
  const read = async () =>
    (await get<List<Attachment>>(list, who)).data.find((file) => file.id === id);
  await expect.poll(async () => (await read())?.preview, { timeout: 30_000 }).not.toBe("pending");
  const file = await read();
  if (!file) throw new Error("the file is gone");
  return file;
}

const previewOf = ({ id }: Attachment, who: Who = tenant, query = "") =>
  ask(`/attachments/${id}/preview${query}`, who);

describe("a preview", () => {
  test("of a picture is made after its upload, and found for a minute", async () => {
    const file = await uploadPhoto();
    expect(file.preview).toBe("pending");
    expect(await settled(file)).toMatchObject({ preview: "ready" });
    const { status, headers } = await previewOf(file);
    expect(status).toBe(302);
    const url = headers.get("location") ?? "";
    expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe("60");
    const got = await fetch(url);
    expect(got.headers.get("content-type")).toBe("image/webp");
    expect(got.headers.get("content-disposition")).toBe("inline");
    expect(new TextDecoder("latin1").decode(await got.arrayBuffer())).toMatch(/^RIFF.{4}WEBP/s);
    const link = await get<{ url: string }>(
      `/attachments/${file.id}/preview?redirect=false`,
      tenant,
    );
    expect((await fetch(link.url)).status).toBe(200);
  });

  test("is nothing that anybody did: the log does not speak of it", async () => {
    const file = await settled(await uploadPhoto());
    const entries = await owner()`
      select action from audit.entries where entity_id = ${file.id} order by id`;
    expect(entries.map(({ action }) => action)).toEqual(["create", "update"]);
  });

  test("of a PDF is made too", async () => {
    const file = await upload(tenant, order.id, new Uint8Array(page()));
    expect(await settled(file)).toMatchObject({ preview: "ready" });
    expect((await previewOf(file)).status).toBe(302);
  });

  test.each<[what: string, bytes: () => Buffer | Promise<Buffer>, fields: Record<string, string>]>([
    ["a picture of too many pixels", bomb, { content_type: "image/png", file_name: "a.png" }],
    ["a broken PDF", () => Buffer.from("%PDF-1.7\nnothing\n%%EOF\n"), {}],
    ["a text", () => Buffer.from("a"), { content_type: "text/plain", file_name: "a.txt" }],
    ["an empty picture", () => Buffer.alloc(0), jpeg],
  ])("is not made of %s, and nothing stays in the queue", async (_what, bytes, fields) => {
    const file = await upload(tenant, order.id, new Uint8Array(await bytes()), fields);
    expect(await settled(file)).toMatchObject({ status: "ready", preview: "none" });
    expectProblem(await previewOf(file), 404, "not_found");
    const waiting = async () =>
      await owner()`
        select id from graphile_worker._private_jobs where payload ->> 'attachment_id' = ${file.id}`;
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([]);
  });

  test("is seen by viewers of the tenant and by nobody else", async () => {
    const file = await settled(await uploadPhoto());
    expect((await previewOf(file, await tenant.join("viewer"))).status).toBe(302);
    expectProblem(await previewOf(file, await newTenant()), 404, "not_found");
    expectProblem(await previewOf(file, { token: "nonsense" }), 401, "unauthenticated");
    const stranger = { ...(await newTenant()), tenant: tenant.id };
    expectProblem(await previewOf(file, stranger), 403, "forbidden");
    expectProblem(await previewOf(file, tenant, "?inline=1"), 400, "invalid_query");
  });

  test("counts for nothing, and goes with its file", async () => {
    const fresh = await newTenant();
    const file = await uploadPhoto(fresh, await placeOrder(fresh));
    const left = async () =>
      (await owner()`select private.storage_left(${fresh.id}) as left`)[0]?.left;
    const before = await left();
    await settled(file, fresh);
    expect(await left()).toBe(before);
    expect(await objectsOf(fresh.id)).toHaveLength(2);
    expect((await ask(`/attachments/${file.id}`, { ...fresh, method: "DELETE" })).status).toBe(204);
    expectProblem(await previewOf(file, fresh), 404, "not_found");
    await expect.poll(() => objectsOf(fresh.id), { timeout: 20_000 }).toEqual([]);
  });

  test("of a file that was deleted meanwhile leaves nothing behind", async () => {
    const fresh = await newTenant();
    const file = await uploadPhoto(fresh, await placeOrder(fresh));
    await ask(`/attachments/${file.id}`, { ...fresh, method: "DELETE" });
    const waiting = async () =>
      await owner()`
        select id from graphile_worker._private_jobs where payload ->> 'tenant_id' = ${fresh.id}`;
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([]);
    expect(await objectsOf(fresh.id)).toEqual([]);
  });
});
