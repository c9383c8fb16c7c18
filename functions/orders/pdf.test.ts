import { parse } from "content-disposition";
import { extractText, getDocumentProxy } from "unpdf";
import { beforeAll, describe, expect, test } from "vitest";
import { api, apiUrl, newTenant, owner, type TestTenant } from "../../scripts/stack/testing.ts";
import type { Order } from "../_shared/contracts/orders.ts";
import { ask, expectProblem, item, placeOrder } from "../_shared/testing.ts";

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await newTenant();
  await owner()`
    update public.tenants set locale = 'de-DE', name = 'Nordhandel GmbH',
      tax_id = 'DE811907980', address = ${
    owner().json({ line1: "Hafenstraße 12", postal_code: "20457", city: "Hamburg" })
  }
    where id = ${tenant.id}`;
});

type Document = {
  headers: Headers;
  bytes: Uint8Array;
  pages: string[];
  info: { Title?: string; Language?: string };
};

/** Fetches a document and has it read by a reader that knows nothing of what made it. */
async function printed(
  { id }: { id: string },
  kind = "confirmation",
  token = tenant.token,
): Promise<Document> {
  const response = await fetch(`${apiUrl()}/functions/v1/orders/${id}/pdf?kind=${kind}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(response.status, new TextDecoder().decode(bytes.subarray(0, 500))).toBe(200);
  const pdf = await getDocumentProxy(bytes.slice());
  const { text } = await extractText(pdf, { mergePages: false });
  const { info } = await pdf.getMetadata();
  return { headers: response.headers, bytes, pages: text.map(spaced), info };
}

/** Numbers come with no-break spaces. */
const spaced = (text: string) => text.replace(/\s+/g, " ");

async function addCustomer(fields: Record<string, unknown>): Promise<{ id: string }> {
  const answer = await ask<{ id: string }>("/customers", { token: tenant.token, body: fields });
  expect(answer.status).toBe(201);
  return answer.body;
}

const move = async ({ id }: Order, ...statuses: string[]) => {
  for (const status of statuses) {
    const answer = await api(`/orders/${id}`, {
      token: tenant.token,
      method: "PATCH",
      body: { status },
    });
    expect(answer.status).toBe(200);
  }
};

describe("an order confirmation", () => {
  test("has who, what, taxes by rate and totals, as the tenant writes them", async () => {
    const customer = await addCustomer({
      name: "Møller & Søn",
      tax_id: "DK99",
      billing_address: { line1: "Vestergade 1", postal_code: "1456", city: "København" },
    });
    const order = await placeOrder(tenant, {
      customer_id: customer.id,
      // Still the day before in UTC.
      placed_at: "2026-03-31T22:30:00Z",
      notes: "Rampe 3",
      shipping_total: 15,
      items: [
        item({ name: "Stuhl", sku: "ST-1", quantity: 2.5, unit_price: 400, tax_rate: 19 }),
        item({ name: "Buch", unit_price: 100, discount_percent: 10, tax_rate: 7 }),
        item({ name: "Tisch", unit_price: 234.56, tax_rate: 19, attributes: { Farbe: "Eiche" } }),
      ],
    });
    const { headers, bytes, pages, info } = await printed(order);

    expect(info).toMatchObject({
      Title: `Auftragsbestätigung ${order.number}`,
      Language: "de",
    });
    expect(headers.get("content-type")).toBe("application/pdf");
    expect(parse(headers.get("content-disposition") ?? "")).toMatchObject({
      type: "inline",
      parameters: { filename: `${order.number}-confirmation.pdf` },
    });
    expect(new TextDecoder("latin1").decode(bytes)).toMatch(/\/MarkInfo\s*<<[^>]*\/Marked true/);
    expect(pages).toHaveLength(1);
    for (
      const text of [
        "Nordhandel GmbH",
        "Hafenstraße 12",
        "DE811907980",
        "Auftragsbestätigung",
        order.number,
        "1. April 2026",
        "Møller & Søn",
        "1456 København",
        "2,5",
        "400,00",
        "1.000,00",
        "−10 %",
        "Farbe: Eiche",
        "Umsatzsteuer 7 % auf 90,00 €",
        "6,30 €",
        "Umsatzsteuer 19 % auf 1.234,56 €",
        "234,57 €",
        "15,00 €",
        "1.580,43 €",
        "Rampe 3",
        "Seite 1 von 1",
      ]
    ) expect(pages[0]).toContain(text);
  });

  test("over pages: every one has the columns' names and its number", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `Artikel-${index + 1}.`);
    const order = await placeOrder(tenant, { items: names.map((name) => item({ name })) });
    const { pages } = await printed(order);
    expect(pages.length).toBeGreaterThan(2);
    for (const [index, page] of pages.entries()) {
      expect(page).toContain(`Seite ${index + 1} von ${pages.length}`);
      expect(page).toContain("Einzelpreis");
    }
    for (const name of names) expect(pages.join(" ")).toContain(name);
  });

  test("the totals never stand alone on a page", async () => {
    // From where everything fits on one page to where it does not by far.
    for (const count of [14, 16, 18, 20, 22]) {
      const names = Array.from({ length: count }, (_, index) => `Artikel-${index + 1}.`);
      const order = await placeOrder(tenant, { items: names.map((name) => item({ name })) });
      const { pages } = await printed(order);
      const last = pages.at(-1);
      expect(last, `${count} items`).toContain("Gesamtbetrag");
      expect(last, `${count} items`).toContain(`Artikel-${count}.`);
    }
  });

  test("names of any script are there, each in a font that came along", async () => {
    const customer = await addCustomer({ name: "北京贸易有限公司" });
    const names = ["هاتف ذكي", "כיסא", "Кресло", "Καρέκλα", "スマートフォン", "의자", "Łódź"];
    const order = await placeOrder(tenant, {
      customer_id: customer.id,
      items: names.map((name) => item({ name })),
    });
    const { bytes, pages } = await printed(order);
    expect(pages[0]).toContain("北京贸易有限公司");
    // Readers give right-to-left text in the order of reading or of seeing.
    for (const name of names) {
      const seen = [...name].reverse().join("");
      expect([name, seen].some((text) => pages[0]?.normalize("NFKC").includes(text)), name)
        .toBe(true);
    }
    const fonts = new TextDecoder("latin1").decode(bytes).match(/\/BaseFont\s*\/[\w+-]+/g) ?? [];
    // All of them subsets that are inside; none that a reader's machine would have to have.
    for (const font of fonts) expect(font).toMatch(/\/[A-Z]{6}\+(Inter|NotoSans|IBMPlexSans)/);
  });

  test("what looks like markup in data stays text and loads nothing", async () => {
    const hostile = `<script>document.title="x"</script><img src="http://127.0.0.1:1/x">{{{name}}}`;
    const customer = await addCustomer({ name: hostile });
    const order = await placeOrder(tenant, {
      customer_id: customer.id,
      notes: `</p><iframe src="file:///etc/passwd"></iframe> \\00003c " } @import url(//x);`,
      items: [item({ name: hostile, attributes: { "<b>": "</style><b>" } })],
    });
    const { pages } = await printed(order);
    const text = pages[0]?.replaceAll(" ", "");
    expect(text).toContain(hostile.replaceAll(" ", ""));
    expect(text).toContain(`<iframesrc="file:///etc/passwd">`);
    expect(text).toContain("<b>:</style><b>");
    expect(text).not.toContain("root:");
  });

  test("in another currency and language", async () => {
    const other = await newTenant({ currency: "JPY", timeZone: "Asia/Tokyo" });
    await owner()`update public.tenants set name = ${'A "B" \\ } C'} where id = ${other.id}`;
    const order = await placeOrder(other, { items: [item({ unit_price: 1234.5 })] });
    const { pages } = await printed(order, "confirmation", other.token);
    for (const text of ["Order confirmation", "¥1,235", "Page 1 of 1", 'A "B" \\ } C']) {
      expect(pages[0]).toContain(text);
    }
  });

  test("of an order without items or a customer", async () => {
    const order = await placeOrder(tenant, { items: [] });
    expect((await printed(order)).pages[0]).toContain("0,00 €");
  });
});

describe("the other documents", () => {
  test("are there once the order was shipped, without prices", async () => {
    const customer = await addCustomer({
      name: "Kunde",
      billing_address: { line1: "Rechnungsweg 1" },
      shipping_address: { line1: "Lagerstraße 9" },
    });
    const order = await placeOrder(tenant, {
      customer_id: customer.id,
      items: [item({ quantity: 3, unit_price: 777.77 }), item({ quantity: 0.125 })],
    });
    for (const kind of ["delivery_note", "packing_list"]) {
      const early = await api(`/orders/${order.id}/pdf?kind=${kind}`, tenant);
      expectProblem(early, 409, "conflict");
    }
    await move(order, "processing", "shipped");
    const note = await printed(order, "delivery_note");
    const list = await printed(order, "packing_list");
    expect(note.pages[0]).toContain("Lieferschein");
    expect(list.pages[0]).toContain("Packliste");
    expect(list.pages[0]).toContain("3,125");
    expect(note.headers.get("content-disposition")).toContain(`${order.number}-delivery_note.pdf`);
    for (const { pages } of [note, list]) {
      expect(pages[0]).toContain("Lagerstraße 9");
      expect(pages[0]).not.toContain("Rechnungsweg");
      expect(pages[0]).not.toContain("777");
    }
    await move(order, "delivered");
    await printed(order, "delivery_note");
  });

  test("an unknown kind, an unknown parameter", async () => {
    const { id } = await placeOrder(tenant);
    for (const query of ["kind=invoice", "kind=", "format=png", "kind=confirmation&kind=x"]) {
      const answer = await api(`/orders/${id}/pdf?${query}`, tenant);
      if (query === "kind=") expect(answer.status).toBe(200);
      else expectProblem(answer, 400, "invalid_query");
    }
  });
});

describe("who may", () => {
  test("viewers may; strangers find nothing; nobody without signing in", async () => {
    const order = await placeOrder(tenant);
    const viewer = await tenant.join("viewer");
    await printed(order, "confirmation", viewer.token);
    const stranger = await newTenant();
    expectProblem(await api(`/orders/${order.id}/pdf`, stranger), 404, "not_found");
    const { id } = tenant;
    const foreign = await api(`/orders/${order.id}/pdf`, { token: stranger.token, tenant: id });
    expectProblem(foreign, 403, "forbidden");
    expectProblem(await api(`/orders/${order.id}/pdf`), 401, "unauthenticated");
    expectProblem(await api("/orders/nonsense/pdf", tenant), 404, "not_found");
  });

  test("who has it already is told so, until something in it changes", async () => {
    const order = await placeOrder(tenant);
    const { headers } = await printed(order);
    const etag = headers.get("etag") ?? "";
    const again = (kind = "confirmation") =>
      api(`/orders/${order.id}/pdf?kind=${kind}`, {
        ...tenant,
        headers: { "if-none-match": etag },
      });
    expect((await again()).status).toBe(304);
    await move(order, "processing");
    expect((await again()).status).toBe(200);
  });
});
