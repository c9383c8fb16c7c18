import { expect, test } from "vitest";
import { formatsFor } from "./formats.ts";
import { cssText, fillTemplate, renderTemplate } from "./template.ts";

test("every value is escaped, in parts and in attributes too", () => {
  const values = { name: `<b a="1" c='2'>&{{name}}</b>` };
  const html = renderTemplate(`<p title="{{name}}">{{name}}{{> part}}`, values, {
    part: "<i>{{name}}",
  });
  expect(html.match(/<[^>]*>/g)).toEqual([expect.stringMatching(/^<p title="[^"<]*">$/), "<i>"]);
});

test.each([
  "{{{name}}}",
  "{{&name}}",
  "{{#list}}{{^none}}{{{name}}}{{/none}}{{/list}}",
  "{{=<% %>=}}<%&name%>",
])("a template that would not escape is refused: %s", (text) => {
  expect(() => renderTemplate(text, { name: "x" })).toThrow(/unescaped/);
  expect(() => renderTemplate("{{> part}}", {}, { part: text })).toThrow(/unescaped/);
});

test("a template that is not there", async () => {
  await expect(fillTemplate("no_such", {})).rejects.toThrow(/no_such\.html/);
});

test("a text for a CSS string is nothing but numbers", () => {
  expect(cssText(`"</style>\\`)).toMatch(/^(\\[0-9a-f]{1,6} )+$/);
  expect(cssText("A😀")).toBe("\\41 \\1f600 ");
});

test("amounts and days by locale, currency and zone", () => {
  const at = (locale: string, currency: string, minorDigits: number, timeZone = "UTC") =>
    formatsFor({ locale, currency, minorDigits, timeZone });
  const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");
  const german = at("de-DE", "EUR", 2, "Europe/Berlin");
  expect(plain(german.money(1234.5))).toBe("1.234,50 €");
  expect(german.price(0.1234)).toBe("0,1234");
  expect(german.price(5)).toBe("5,00");
  expect(plain(german.percent(7.7))).toBe("7,7 %");
  expect(german.quantity(1000.125)).toBe("1.000,125");
  expect(german.day("2026-03-31T22:30:00Z")).toBe("1. April 2026");
  expect(at("en", "JPY", 0).money(1234)).toBe("¥1,234");
  expect(plain(at("en", "KWD", 3).money(1.5))).toBe("KWD 1.500");
  // Nothing that a tenant could have set makes a document impossible.
  expect(at("xx-Nowhere1", "EUR", 2, "Mars/Base").day("2026-01-01T00:00:00Z")).toBe(
    "January 1, 2026",
  );
});
