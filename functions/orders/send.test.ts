import { randomUUID } from "node:crypto";
import { extractImages, extractText, getDocumentProxy } from "unpdf";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { api, newTenant, owner, rest, stack } from "../../scripts/stack/testing.ts";
import { twoHalves } from "../../tasks/previews/samples.ts";
import { orderSent } from "../_shared/contracts/jobs.ts";
import { addCustomer, expectProblem, item, placeOrder } from "../_shared/testing.ts";
import { upload } from "../uploads/testing.ts";

const soon = { timeout: 30_000, interval: 100 };

const list = z.object({ messages: z.array(z.object({ id: z.string() })) });
const mail = z.object({
  id: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  attachments: z.array(z.object({ filename: z.string(), mime_type: z.string() })),
});

/** The one mail that somebody gets. */
async function mailTo(to: string) {
  const url = `${stack().mail_url}/api/messages`;
  const id = await vi.waitFor(async () => {
    const found = await fetch(`${url}?to=${encodeURIComponent(to)}`);
    const { messages } = list.parse(await found.json());
    expect(messages).toHaveLength(1);
    return messages[0]?.id;
  }, soon);
  return mail.parse(await (await fetch(`${url}/${id}`)).json());
}

async function pdfOf(mailId: string) {
  const file = await fetch(`${stack().mail_url}/messages/${mailId}/attachments/0`);
  return await getDocumentProxy(new Uint8Array(await file.arrayBuffer()));
}

const hostile = `Eve"\r\nBcc: spy@evil.test\r\n\r\n<script>x</script>`;

describe("an order that is mailed", () => {
  test("brings its confirmation along as a PDF, and the words of who sends it", async () => {
    const tenant = await newTenant();
    await owner()`
      update public.tenants set locale = 'de-DE', name = 'Nordhandel ‮GmbH' where id = ${tenant.id}`;
    const order = await placeOrder(tenant, {
      items: [item({ name: "Stuhl <b>", quantity: 3, unit_price: 19.99, tax_rate: 19 })],
    });
    const to = `${randomUUID()}@customer.test`;
    const note = `Lieferung am Donnerstag.\nBis dann, <i>Ada</i>\r\nBcc: spy@evil.test`;
    const answer = await api(`/orders/${order.id}/send`, { ...tenant, body: { to, note } });
    expect(answer.status).toBe(202);
    const { email } = orderSent.parse(answer.body);
    const sent = await mailTo(to);
    expect(sent.subject).toContain(order.number);
    expect(sent.text).toContain("Lieferung am Donnerstag.\nBis dann, <i>Ada</i>");
    expect(sent.html).toContain("&lt;i&gt;Ada&lt;/i&gt;");
    expect(sent.text).toContain("als PDF im Anhang");
    const headers = sent.headers.map(({ name }) => name.toLowerCase());
    expect(headers).not.toContain("bcc");
    const id = sent.headers.find(({ name }) => name.toLowerCase() === "message-id")?.value;
    expect(id).toBe(`<${email.id}@kontor.test>`);
    expect(sent.attachments).toEqual([
      { filename: `${order.number}-confirmation.pdf`, mime_type: "application/pdf" },
    ]);
    const read = await extractText(await pdfOf(sent.id), { mergePages: true });
    const paper = read.text.replace(/\s+/g, " ");
    for (const text of ["Auftragsbestätigung", order.number, "Stuhl <b>", "71,36 €"]) {
      expect(paper).toContain(text);
    }
  });

  test("has the tenant's logo on its paper", async () => {
    const tenant = await newTenant();
    const picture = new Uint8Array(await twoHalves(600, 200).png().toBuffer());
    const fields = { content_type: "image/png", file_name: "Logo.png", entity_type: "tenant" };
    const { id } = await upload(tenant, tenant.id, picture, fields);
    const preview = async () => {
      const [row] = await owner()`select preview from public.attachments where id = ${id}`;
      return row?.preview;
    };
    await expect.poll(preview, soon).toBe("ready");
    const named = { ...tenant, method: "PATCH", body: { logo_id: id } };
    expect((await api(`/tenants/${tenant.id}`, named)).status).toBe(200);
    const order = await placeOrder(tenant);
    const to = `${randomUUID()}@customer.test`;
    await api(`/orders/${order.id}/send`, { ...tenant, body: { to } });
    const pictures = await extractImages(await pdfOf((await mailTo(to)).id), 1);
    expect(pictures.map(({ width, height }) => [width, height])).toEqual([[600, 200]]);
  });

  test("to a customer whose address would reach further goes nowhere", async () => {
    const tenant = await newTenant();
    const customer = await addCustomer(tenant, hostile.replace(/[\r\n]/g, " "));
    const order = await placeOrder(tenant, { customer_id: customer.id });
    for (
      const address of [
        "x\r\nBcc: spy@evil.test",
        "a@b.test, spy@evil.test",
        "a@b.test> SIZE=1",
        "a@b.test>SIZE=1",
        '"a b"@c.test',
        "nobody",
      ]
    ) {
      // Most are refused already where they would be written down.
      const written = owner()`
        update public.customers set email = ${address} where id = ${customer.id}`;
      await written.catch(() => {});
      for (const body of [{}, { to: address }]) {
        const answer = await api(`/orders/${order.id}/send`, { ...tenant, body });
        expectProblem(answer, 422, "validation_failed");
      }
      const called = await rest("/rpc/send_order", {
        ...tenant,
        tenant: tenant.id,
        body: { order_id: order.id, recipient: address },
      });
      expect(called.status).toBe(422);
    }
    const [row] = await owner()`
      select count(*)::int from public.emails where tenant_id = ${tenant.id}`;
    expect(row).toEqual({ count: 0 });
  });

  test("with a tenant's or customer's name that looks like headers keeps its own", async () => {
    const tenant = await newTenant();
    await owner()`update public.tenants set name = ${hostile} where id = ${tenant.id}`;
    const order = await placeOrder(tenant);
    const to = `${randomUUID()}@customer.test`;
    await api(`/orders/${order.id}/send`, { ...tenant, body: { to } });
    const sent = await mailTo(to);
    expect(sent.to).toEqual([to]);
    expect(sent.headers.map(({ name }) => name.toLowerCase())).not.toContain("bcc");
    expect(sent.html).not.toContain("<script>");
    expect(sent.attachments).toHaveLength(1);
  });

  test("counts against the limit by the hour, however many are sent at once", async () => {
    const tenant = await newTenant();
    const { id } = await placeOrder(tenant);
    await owner()`
      insert into public.emails (tenant_id, template, recipient, status)
      select ${tenant.id}, 'webhook_disabled', 'a@b.test', 'sent' from generate_series(1, 498)`;
    const answers = await Promise.all(
      Array.from(
        { length: 12 },
        () => api(`/orders/${id}/send`, { ...tenant, body: { to: "ada@example.test" } }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([202, 202, ...Array(10).fill(429)]);
  });

  test("takes a note of 2,000 characters, no more, and none that is empty", async () => {
    const tenant = await newTenant();
    const { id } = await placeOrder(tenant);
    const send = (note: unknown) =>
      api(`/orders/${id}/send`, { ...tenant, body: { to: "ada@example.test", note } });
    expect((await send("ä".repeat(2_000))).status).toBe(202);
    expect((await send("  ")).status).toBe(202);
    for (const note of ["x".repeat(2_001), "a\0b", 5, ["x"]]) {
      expectProblem(await send(note), 422, "validation_failed");
    }
    const [row] = await owner()`
      select count(*)::int from public.emails where tenant_id = ${tenant.id} and note is null`;
    expect(row).toEqual({ count: 1 });
  });
});
