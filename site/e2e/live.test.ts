/** Pages that follow what happens elsewhere, without being loaded again. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  api,
  owner as database,
  newTenant,
  type Person,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import { awake, complaints, eventually, launch, picture, signInAt, visitor } from "./browser.ts";

let browser: Browser;
let tenant: TestTenant;
let page: Page;
let noted: string[];
let orderId: string;

const call = () => ({ token: tenant.token, tenant: tenant.id });
const withId = z.object({ id: z.string() });
/** Loaded again, the page would not have it any more. */
const mark = (at: Page) => at.evaluate(() => Object.assign(window, { stayed: true }));
const stayed = (at: Page) => at.evaluate(() => "stayed" in window);

async function open(at: Page, path: string): Promise<void> {
  const listening = at.waitForResponse((response) => response.url().endsWith("/api/events"));
  await at.goto(`/${tenant.slug}${path}`);
  await awake(at);
  await listening;
  await mark(at);
}

beforeAll(async () => {
  [browser, tenant] = await Promise.all([launch(), newTenant({ currency: "EUR" })]);
  const items = [{ name: "Chair", quantity: 1, unit_price: 10 }];
  orderId = withId.parse((await api("/orders", { ...call(), body: { items } })).body).id;
  page = await (await visitor(browser)).newPage();
  noted = complaints(page);
  await signInAt(page, tenant.owner.email);
});
afterAll(async () => {
  await browser?.close();
});

/** An export as if a worker of its own were at it. */
async function beginExport(): Promise<string> {
  const [row] = await database()`
    insert into public.exports (tenant_id, entity, format, file_name, requested_by, status)
    values (${tenant.id}, 'orders', 'csv', 'orders-of-a-test.csv', ${tenant.owner.id}, 'running')
    returning id`;
  return withId.parse(row).id;
}
const report = (id: string, done: number, total: number) =>
  database()`select private.report_export(${tenant.id}, ${id}, ${done}, ${total})`;

describe("the exports", () => {
  it("appear, get on, are cancelled, tried again and downloaded", async () => {
    await open(page, "/exports");
    await page.getByText("No exports yet").waitFor();
    const id = await beginExport();
    await page.getByText("orders-of-a-test.csv").waitFor();
    const bar = page.getByRole("progressbar", { name: "Progress of orders-of-a-test.csv" });
    for (const done of [400, 800]) {
      await report(id, done, 1000);
      await eventually(() => bar.getAttribute("aria-valuenow")).toBe(String(done / 10));
    }
    await page.getByText("800 of 1,000 rows").waitFor();
    await picture(page, "exports-live");

    const asked = page.waitForResponse((response) => response.url().endsWith("/cancel"));
    await page.getByRole("button", { name: "Cancel orders-of-a-test.csv" }).click();
    await asked;
    await page.getByText("Cancelling").waitFor();
    await database()`select private.finish_export(${tenant.id}, ${id}, 'cancelled')`;
    await page.getByText("Cancelled", { exact: true }).waitFor();
    await page.getByText("orders-of-a-test.csv: Cancelled").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Try orders-of-a-test.csv again" }).click();
    const link = page.getByRole("link", { name: "Download orders-of-a-test.csv" });
    await link.waitFor();
    await page.getByText("1 row", { exact: false }).first().waitFor();
    expect(await stayed(page)).toBe(true);
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    expect(download.suggestedFilename()).toBe("orders-of-a-test.csv");
  });

  it("are asked for while nobody tells", async () => {
    const deaf = await (await visitor(browser)).newPage();
    await deaf.route("**/api/events", (route) => route.abort());
    await signInAt(deaf, tenant.owner.email);
    const id = await beginExport();
    await deaf.goto(`/${tenant.slug}/exports`);
    await awake(deaf);
    await report(id, 1, 2);
    await deaf.getByText("1 of 2 rows").waitFor();
    await database()`select private.finish_export(${tenant.id}, ${id}, 'failed', null, null, 'The disk was full.')`;
    await deaf.getByText("The disk was full.").waitFor();
    await deaf.context().close();
  });
});

describe("the jobs", () => {
  it("show why one failed, run it again, and forget it when it is done", async () => {
    await open(page, "/jobs");
    await page.getByText("Nothing is waiting").waitFor();
    const [job] = await database()`
      select private.enqueue(${tenant.id}, 'delete_object', '{"object_key": "nobody/knows"}',
        run_at => now() + interval '1 hour') as id`;
    await page.getByText("Planned").waitFor();
    await database()`
      update graphile_worker._private_jobs
      set attempts = 1, max_attempts = 1, last_error = 'The object store did not answer.'
      where id = ${job?.id}`;
    await database()`select private.tell_jobs(array[${tenant.id}::uuid])`;
    await page.getByText("The object store did not answer.").waitFor();
    await page.getByText("Failed", { exact: true }).waitFor();
    await picture(page, "jobs-failed");
    await page.getByRole("button", { name: "Try again: Delete a file" }).click();
    await page.getByText("Nothing is waiting").waitFor();
    expect(await stayed(page)).toBe(true);
  });
});

describe("an order's page", () => {
  it("shows what somebody else did to it", async () => {
    const other: Person = await tenant.join("member");
    await open(page, `/orders/${orderId}`);
    await api(`/orders/${orderId}`, {
      token: other.token,
      method: "PATCH",
      body: { status: "processing" },
    });
    await page.getByText("SO-000001 is now Processing").first().waitFor();

    const bytes = new TextEncoder().encode("A chair");
    const announced = await api("/uploads/presign", {
      token: other.token,
      body: {
        file_name: "from somebody else.txt",
        content_type: "text/plain",
        byte_size: bytes.length,
        entity_type: "order",
        entity_id: orderId,
      },
    });
    const { attachment_id, url, headers } = z
      .object({
        attachment_id: z.string(),
        url: z.string(),
        headers: z.record(z.string(), z.string()),
      })
      .parse(announced.body);
    expect((await fetch(url, { method: "PUT", headers, body: bytes })).status).toBe(200);
    await api(`/uploads/${attachment_id}/complete`, { token: other.token, body: {} });
    await page.getByRole("link", { name: "Download from somebody else.txt" }).waitFor();
    expect(await stayed(page)).toBe(true);
  });

  it("made no page complain", () => {
    expect(noted).toEqual([]);
  });
});
