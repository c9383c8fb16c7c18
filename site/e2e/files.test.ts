/** Files travel between the browser and the object store, under the pages' own policy. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { complaints, launch, signInAt, visitor } from "./browser.ts";

let browser: Browser;
let page: Page;
let noted: string[];
beforeAll(async () => {
  browser = await launch();
  page = await (await visitor(browser)).newPage();
  noted = complaints(page);
  await signInAt(page, "member@acme.test");
});
afterAll(() => browser.close());

type Sent = { status: number; attachment: { id: string; status: string }; steps: number };

/** Uploads so many bytes of text to the newest order, as a page of the portal would. */
const uploadInPage = (size: number) =>
  page.evaluate(async (byte_size): Promise<Sent> => {
    const api = async (path: string, body?: unknown) => {
      const method = body === undefined ? "GET" : "POST";
      const headers = { "content-type": "application/json" };
      const init = body === undefined ? {} : { method, headers, body: JSON.stringify(body) };
      return await (await fetch(`/api${path}`, init)).json();
    };
    const orders = await api("/orders?limit=1");
    const announced = await api("/uploads/presign", {
      file_name: "Größe 🪑.txt",
      content_type: "text/plain",
      byte_size,
      entity_type: "order",
      entity_id: orders.data[0].id,
    });
    let steps = 0;
    const status = await new Promise<number>((resolve) => {
      const sending = new XMLHttpRequest();
      sending.upload.onprogress = () => steps++;
      sending.onloadend = () => resolve(sending.status);
      sending.open(announced.method, announced.url);
      for (const [name, value] of Object.entries<string>(announced.headers)) {
        sending.setRequestHeader(name, value);
      }
      sending.send(new Blob([new Uint8Array(byte_size).fill(97)]));
    });
    const attachment = await api(`/uploads/${announced.attachment_id}/complete`, {});
    return { status, attachment, steps };
  }, size);

test.each([0, 50 * 1024 ** 2])("%i bytes go there, come back and are deleted", async (size) => {
  const { status, attachment, steps } = await uploadInPage(size);
  expect({ status, attachment }).toMatchObject({ status: 200, attachment: { status: "ready" } });
  if (size > 0) expect(steps).toBeGreaterThan(1);

  const path = `/api/attachments/${attachment.id}`;
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.evaluate((href) => location.assign(href), `${path}/download`),
  ]);
  expect(download.suggestedFilename()).toBe("Größe 🪑.txt");
  let length = 0;
  for await (const chunk of await download.createReadStream()) length += chunk.length;
  expect(length).toBe(size);

  const deleted = await page.evaluate(
    async (url) => (await fetch(url, { method: "DELETE" })).status,
    path,
  );
  expect(deleted).toBe(204);
  expect(noted).toEqual([]);
});
