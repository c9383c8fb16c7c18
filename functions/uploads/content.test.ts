import ExcelJS from "exceljs";
import { expect, test } from "vitest";
import { FILE_TYPES } from "../_shared/contracts/files.ts";
import { contentFits, SAMPLE_BYTES } from "./content.ts";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const bytes = (text: string) => new TextEncoder().encode(text);
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test("text that begins like another format is text", async () => {
  for (
    const text of ["BMW;320i;12\n", "MZ;1\n", "PK;1\n", "GIF;1\n", "{}", "<svg/>", "\ufeffa;ä"]
  ) {
    expect(await contentFits(bytes(text), "text/csv"), text).toBe(true);
  }
  expect(await contentFits(latin1("Stra\xdfe;\x9c\n"), "text/csv")).toBe(true);
  expect(await contentFits(latin1("\xff\xfea\0;\0b\0\n\0"), "text/csv")).toBe(true);
});

test("a spreadsheet is known by its first bytes, and is nothing else", async () => {
  const book = new ExcelJS.Workbook();
  const sheet = book.addWorksheet("Numbers");
  for (let row = 0; row < 5_000; row++) sheet.addRow([row, Math.random(), `${Math.random()}`]);
  const whole = new Uint8Array(await book.xlsx.writeBuffer());
  expect(whole.length).toBeGreaterThan(SAMPLE_BYTES);
  const sample = whole.subarray(0, SAMPLE_BYTES);
  expect(await contentFits(sample, XLSX)).toBe(true);
  expect(await contentFits(sample, "application/zip")).toBe(false);
  expect(await contentFits(sample, "application/pdf")).toBe(false);
  expect(await contentFits(sample, "text/plain")).toBe(false);
});

test("a file cut off anywhere never breaks the check", async () => {
  const heads = [
    "PK\x03\x04",
    "%PDF-",
    "\x89PNG\r\n\x1a\n",
    "ID3",
    "II*\0",
    "\0\0\0 ftypheic",
    "<?xml ",
  ];
  for (const head of heads) {
    for (const type of FILE_TYPES.keys()) {
      expect(await contentFits(latin1(head), type)).toBeTypeOf("boolean");
    }
  }
});

test("what is not on the list never fits", async () => {
  expect(await contentFits(bytes("#!/bin/sh"), "application/x-sh")).toBe(false);
  expect(await contentFits(new Uint8Array(), "constructor")).toBe(false);
});
