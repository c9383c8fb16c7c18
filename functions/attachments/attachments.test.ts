import { parse } from "content-disposition";
import { beforeAll, describe, expect, test } from "vitest";
import {
  newTenant,
  owner,
  type Person,
  rest,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import type { Attachment } from "../_shared/contracts/files.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import {
  addCustomer,
  addProduct,
  allPages,
  ask,
  expectProblem,
  get,
  type List,
  placeOrder,
  type Who,
} from "../_shared/testing.ts";
import { announce, bytesOf, objectsOf, PDF, put, upload } from "../uploads/testing.ts";

let tenant: TestTenant;
let viewer: Person;
let stranger: TestTenant;
let order: Order;
let file: Attachment;
beforeAll(async () => {
  tenant = await newTenant();
  stranger = await newTenant();
  viewer = await tenant.join("viewer");
  order = await placeOrder(tenant);
  file = await upload(tenant, order.id);
});
const as = ({ token }: Person): Who => ({ token });
const filesOf = (entity: string, id: string) =>
  `/attachments?entity_type=${entity}&entity_id=${id}`;

/** Follows a download to the store. */
async function download(id: string, query = ""): Promise<Response> {
  const answer = await ask(`/attachments/${id}/download${query}`, tenant);
  expect(answer.status).toBe(302);
  return await fetch(answer.headers.get("location") ?? "");
}
const dispositionOf = (answer: Response) => parse(answer.headers.get("content-disposition") ?? "");

describe("access follows the record", () => {
  test("viewers read", async () => {
    const path = `/attachments/${file.id}/download`;
    const list = await get<List<Attachment>>(filesOf("order", order.id), as(viewer));
    expect(list.data).toContainEqual(file);
    expect((await ask(path, as(viewer))).status).toBe(302);
    const deleted = await ask(`/attachments/${file.id}`, { ...as(viewer), method: "DELETE" });
    expectProblem(deleted, 403, "forbidden");
  });

  test("strangers find nothing, and anonymous callers are asked who they are", async () => {
    const { id } = file;
    const { body: pending } = await announce(tenant, { entity_id: order.id });
    const calls = [
      { path: filesOf("order", order.id), method: "GET" },
      { path: `/attachments/${id}/download`, method: "GET" },
      { path: `/attachments/${id}`, method: "DELETE" },
      { path: `/uploads/${pending.attachment_id}/complete`, method: "POST" },
    ];
    for (const { path, method } of calls) {
      expectProblem(await ask(path, { token: stranger.token, method }), 404, "not_found");
      expectProblem(await ask(path, { method }), 401, "unauthenticated");
      const foreign = { token: stranger.token, tenant: tenant.id, method };
      expectProblem(await ask(path, foreign), 403, "forbidden");
    }
    expect((await download(id)).status).toBe(200);
  });

  test("in the trash files are read, and no more", async () => {
    const trashed = await placeOrder(tenant);
    const { id } = await upload(tenant, trashed.id);
    await ask(`/orders/${trashed.id}`, { ...tenant, method: "DELETE" });
    expect((await get<List<Attachment>>(filesOf("order", trashed.id), tenant)).data).toHaveLength(
      1,
    );
    expect((await download(id)).status).toBe(200);
    expectProblem(
      await ask(`/attachments/${id}`, { ...tenant, method: "DELETE" }),
      409,
      "conflict",
    );
  });

  test("through the other door files are read, and no more", async () => {
    const path = `/attachments?id=eq.${file.id}`;
    const select = `${path}&select=id,file_name`;
    expect(await rest(select, as(viewer))).toMatchObject({ status: 200, body: [{ id: file.id }] });
    expect(await rest(select, { token: stranger.token })).toMatchObject({ status: 200, body: [] });
    const refused = [
      rest(`${path}&select=object_key`, tenant),
      rest(path, { ...tenant, method: "PATCH", body: { status: "ready" } }),
      rest(path, { ...tenant, method: "DELETE" }),
      rest("/attachments", { ...tenant, body: { entity_type: "order", entity_id: order.id } }),
    ];
    for (const { status } of await Promise.all(refused)) expect(status).toBe(403);
    const body = { tenant: tenant.id, id: file.id, object_key: "x" };
    expect((await rest("/rpc/settle_attachment", { ...tenant, body })).status).toBe(404);
  });

  test("customers and products have files too", async () => {
    const customer = await addCustomer(tenant, "Ada");
    const product = await addProduct(tenant, "FILE-1");
    const records = [["customer", customer.id], ["product", product.id]] as const;
    for (const [entity_type, id] of records) {
      const made = await upload(tenant, id, PDF, { entity_type });
      expect((await get<List<Attachment>>(filesOf(entity_type, id), tenant)).data).toEqual([made]);
    }
  });
});

describe("a list", () => {
  test("shows complete uploads in pages, oldest first", async () => {
    const { id } = await placeOrder(tenant);
    await announce(tenant, { entity_id: id });
    const made: Attachment[] = [];
    for (const name of ["1", "2", "3"]) {
      made.push(await upload(tenant, id, PDF, { file_name: `${name}.pdf` }));
    }
    const { pages } = await allPages<Attachment>(`${filesOf("order", id)}&limit=2`, tenant);
    expect(pages).toEqual([made.slice(0, 2), made.slice(2)]);
    const newest = await get<List<Attachment>>(`${filesOf("order", id)}&sort=-created_at`, tenant);
    expect(newest.data).toEqual(made.toReversed());
    expect(newest.page.total).toEqual({ count: 3, kind: "exact" });
  });

  test("takes no other questions", async () => {
    for (const query of ["", "?entity_type=order", "?entity_type=x&entity_id=1", "?order_id=1"]) {
      expectProblem(await ask(`/attachments${query}`, tenant), 400, "invalid_query");
    }
  });
});

describe("a download", () => {
  test.each([
    ["../../etc/passwd.pdf", ".._.._etc_passwd.pdf"],
    ["..\\win.ini.pdf", ".._win.ini.pdf"],
    ['say "hi"; filename=evil.html', 'say "hi"; filename=evil.html'],
    ["Angebot für Zoë 🪑 – עברית – 報價.pdf", "Angebot für Zoë 🪑 – עברית – 報價.pdf"],
    ["100% %2e%2e%2f + #?&=.pdf", "100% %2e%2e%2f + #?&=.pdf"],
    ["'single' (1)*!~.pdf", "'single' (1)*!~.pdf"],
    [`${"ü".repeat(251)}.pdf`, `${"ü".repeat(251)}.pdf`],
  ])("of %s has that name and lives a minute", async (file_name, shown) => {
    const made = await upload(tenant, order.id, PDF, { file_name });
    expect(made.file_name).toBe(file_name);
    const got = await download(made.id);
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(PDF);
    expect(dispositionOf(got)).toMatchObject({
      type: "attachment",
      parameters: { filename: shown },
    });
    expect(got.headers.get("content-type")).toBe("application/pdf");
    expect(got.headers.get("x-content-type-options")).toBe("nosniff");
    expect(new URL(got.url).searchParams.get("X-Amz-Expires")).toBe("60");
    expect(new URL(got.url).pathname).not.toContain("pdf");
  });

  test("may be looked at in place, unless it could run there", async () => {
    expect(dispositionOf(await download(file.id, "?inline=1"))).toMatchObject({ type: "inline" });
    const risky = { html: "text/html", svg: "image/svg+xml", xml: "application/xml" };
    for (const [ending, content_type] of Object.entries(risky)) {
      const fields = { content_type, file_name: `a.${ending}` };
      const made = await upload(tenant, order.id, bytesOf("<svg onload='alert(1)'/>"), fields);
      const got = await download(made.id, "?inline=1");
      expect(dispositionOf(got)).toMatchObject({ type: "attachment" });
    }
    expectProblem(
      await ask(`/attachments/${file.id}/download?inline=yes`, tenant),
      400,
      "invalid_query",
    );
  });

  test("keeps nothing that the uploader said of it besides", async () => {
    const { body } = await announce(tenant, { entity_id: order.id });
    const sent = await put(body, PDF, {
      "cache-control": "public",
      "content-disposition": "inline",
      "content-encoding": "gzip",
    });
    expect(sent.status).toBe(200);
    const path = `/uploads/${body.attachment_id}/complete`;
    expect((await ask(path, { ...tenant, method: "POST" })).status).toBe(200);
    const got = await download(body.attachment_id);
    expect(got.headers.get("content-encoding")).toBeNull();
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(PDF);
  });

  test("gives its address alone when asked to", async () => {
    const path = `/attachments/${file.id}/download?redirect=false`;
    const { url } = await get<{ url: string }>(path, tenant);
    expect((await fetch(url)).status).toBe(200);
    const changed = [
      url.replace("attachment", "inline"),
      url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
      url.split("?")[0] ?? "",
    ];
    for (const other of changed) expect((await fetch(other)).status).toBe(403);
    expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(403);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
  });

  test("of what is not there, not ready or no id is not found", async () => {
    const { body } = await announce(tenant, { entity_id: order.id });
    for (const id of [body.attachment_id, tenant.id, "x"]) {
      expectProblem(await ask(`/attachments/${id}/download`, tenant), 404, "not_found");
    }
  });
});

describe("what is deleted", () => {
  test("is gone at once, and its bytes soon after", async () => {
    const fresh = await newTenant();
    const made = await upload(fresh, (await placeOrder(fresh)).id);
    const path = `/attachments/${made.id}`;
    expect(await ask(path, { ...fresh, method: "DELETE" })).toMatchObject({
      status: 204,
      body: "",
    });
    expectProblem(await ask(`${path}/download`, fresh), 404, "not_found");
    expectProblem(await ask(path, { ...fresh, method: "DELETE" }), 404, "not_found");
    await expect.poll(() => objectsOf(fresh.id), { timeout: 20_000 }).toEqual([]);
  });

  test("for good takes its files along", async () => {
    const fresh = await newTenant();
    const { id } = await placeOrder(fresh);
    await upload(fresh, id);
    await upload(fresh, id);
    expect(await objectsOf(fresh.id)).toHaveLength(2);
    await owner()`delete from public.orders where id = ${id}`;
    await expect.poll(() => objectsOf(fresh.id), { timeout: 20_000 }).toEqual([]);
  });
});
