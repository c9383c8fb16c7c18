/** XLSX and PDF, read back by other libraries. */
import ExcelJS from "exceljs";
import { extractText } from "unpdf";
import { beforeAll, describe, expect, test } from "vitest";
import {
  addCustomer,
  addProduct,
  item,
  placeOrder,
  type Who,
} from "../../functions/_shared/testing.ts";
import { newTenant, owner, signIn } from "../../scripts/stack/testing.ts";
import { ACME, download } from "./testing.ts";

let acme: Who;
beforeAll(async () => {
  acme = { token: await signIn("member@acme.test"), tenant: ACME };
});

async function sheetOf(bytes: Buffer): Promise<ExcelJS.Worksheet> {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(Uint8Array.from(bytes).buffer);
  const [sheet] = workbook.worksheets;
  if (sheet === undefined) throw new Error("a workbook without a sheet");
  return sheet;
}

const cellsOf = (row: ExcelJS.Row, count: number) =>
  Array.from({ length: count }, (_, place) => row.getCell(place + 1).value ?? null);

describe("XLSX", () => {
  test("of orders equals the table, typed, in the tenant's time and money", async () => {
    const columns = ["number", "status", "placed_at", "customer_name", "total", "currency"];
    const body = { format: "xlsx", columns };
    const sheet = await sheetOf((await download("/orders", acme, body)).bytes);
    expect(cellsOf(sheet.getRow(1), columns.length)).toEqual(columns);
    expect(sheet.views[0]).toMatchObject({ state: "frozen", ySplit: 1 });
    expect(sheet.getColumn(4).width).toBeGreaterThan(20);
    const expected = await owner()`
      select o.number, o.status::text, (o.placed_at at time zone t.time_zone) at time zone 'UTC',
        c.name, o.total::float8, o.currency
      from public.orders o
      join public.tenants t on t.id = o.tenant_id
      left join public.customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id
      where o.tenant_id = ${ACME} and o.deleted_at is null
      order by o.placed_at desc, o.id desc`.values();
    const rows = sheet.getRows(2, sheet.rowCount - 1) ?? [];
    const seconds = (value: unknown) =>
      value instanceof Date ? Math.round(value.getTime() / 1_000) : value;
    expect(rows.map((row) => cellsOf(row, columns.length).map(seconds))).toEqual(
      expected.map((cells: unknown[]) => cells.map(seconds)),
    );
    const first = sheet.getRow(2);
    expect(first.getCell(3).numFmt).toBe("yyyy-mm-dd hh:mm");
    expect(first.getCell(5).numFmt).toBe('#,##0.00 "EUR"');
  });

  test("writes each amount in its own currency, and formulas as text", async () => {
    const tenant = await newTenant({ currency: "USD", timeZone: "Asia/Tokyo" });
    const who = { token: tenant.token, tenant: tenant.id };
    const { id } = await addCustomer(who, "=1+1");
    await placeOrder(who, { customer_id: id, items: [item({ unit_price: 1.5 })] });
    const placed_at = "2026-01-31T20:00:00Z";
    await placeOrder(who, { currency: "JPY", placed_at, items: [item({ unit_price: 150 })] });
    await placeOrder(who, { currency: "KWD", items: [item({ unit_price: 0.125 })] });
    const columns = ["customer_name", "total", "placed_at"];
    const body = { format: "xlsx", sort: "number", columns };
    const sheet = await sheetOf((await download("/orders", who, body)).bytes);
    const totals = [2, 3, 4].map((row) => sheet.getRow(row).getCell(2));
    expect(totals.map(({ value, numFmt }) => [value, numFmt])).toEqual([
      [1.5, '#,##0.00 "USD"'],
      [150, '#,##0 "JPY"'],
      [0.125, '#,##0.000 "KWD"'],
    ]);
    expect(sheet.getRow(2).getCell(1)).toMatchObject({
      type: ExcelJS.ValueType.String,
      value: "=1+1",
    });
    expect(sheet.getRow(3).getCell(3).value).toEqual(new Date("2026-02-01T05:00:00Z"));
  });

  test("of products and of nothing", async () => {
    const tenant = await newTenant();
    const who = { token: tenant.token, tenant: tenant.id };
    const empty = await sheetOf((await download("/products", who, { format: "xlsx" })).bytes);
    expect(empty.rowCount).toBe(1);
    await addProduct(who, "A-1");
    const sheet = await sheetOf((await download("/products", who, { format: "xlsx" })).bytes);
    expect(cellsOf(sheet.getRow(2), 7)).toEqual(["A-1", "Product A-1", 9.5, "EUR", 0, null, true]);
  });
});

describe("PDF", () => {
  test("lists the orders over pages, with their totals", async () => {
    const columns = ["number", "customer_name", "total"];
    const filters = { status: "shipped" };
    const { bytes } = await download("/orders", acme, { format: "pdf", columns, filters });
    const { text, totalPages } = await extractText(new Uint8Array(bytes), { mergePages: true });
    const expected = await owner()<{ number: string }[]>`
      select number from public.orders
      where tenant_id = ${ACME} and deleted_at is null and status = 'shipped'
      order by placed_at desc, id desc`;
    const found = text.match(/SO-\d{6}/g);
    expect(found).toEqual(expected.map(({ number }) => number));
    const sums = await owner()<{ currency: string; sum: number }[]>`
      select currency, sum(total)::float8 as sum from public.orders
      where tenant_id = ${ACME} and deleted_at is null and status = 'shipped'
      group by currency order by currency`;
    const [tenant] = await owner()<{ locale: string }[]>`
      select locale from public.tenants where id = ${ACME}`;
    for (const { currency, sum } of sums) {
      expect(text).toContain(`Total ${currency}`);
      expect(text).toContain(sum.toLocaleString(tenant?.locale, { minimumFractionDigits: 2 }));
    }
    expect(text).toContain(`${totalPages} / ${totalPages}`);
  });

  test("takes a script in a name for text", async () => {
    const tenant = await newTenant();
    const who = { token: tenant.token, tenant: tenant.id };
    const name = "<script>document.body.innerHTML='gone'</script>";
    await addCustomer(who, name);
    const { bytes } = await download("/customers", who, { format: "pdf", columns: ["name"] });
    const { text } = await extractText(new Uint8Array(bytes), { mergePages: true });
    expect(text.replaceAll(/\s/g, "")).toContain(name.replaceAll(/\s/g, ""));
  });
});
