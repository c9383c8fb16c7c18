import { Readable } from "node:stream";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { type Drawn, drawPreview } from "./draw.ts";
import { animation, bomb, page, pdf, photo, slowPdf, swellingPdf, twoHalves } from "./samples.ts";

type Options = { purpose?: "file" | "logo"; withinMs?: number; signal?: AbortSignal };

const draw = (bytes: Buffer, contentType: string, options: Options = {}): Promise<Drawn> =>
  drawPreview({
    source: Readable.from([bytes]),
    contentType,
    purpose: "file",
    signal: new AbortController().signal,
    ...options,
  });

async function preview(bytes: Buffer, contentType: string, options: Options = {}) {
  const drawn = await draw(bytes, contentType, options);
  if (!("preview" in drawn)) throw new Error(drawn.reason);
  const meta = await sharp(drawn.preview).metadata();
  const { data, info } = await sharp(drawn.preview).raw().toBuffer({ resolveWithObject: true });
  /** The strongest colour at a place between 0 and 1 from the upper left. */
  const at = (x: number, y: number): string => {
    const from =
      (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * info.channels;
    const [red = 0, green = 0, blue = 0] = data.subarray(from, from + 3);
    if (Math.min(red, green, blue) > 200) return "white";
    return red > green && red > blue ? "red" : green > blue ? "green" : "blue";
  };
  return { meta, at };
}

describe("a picture's preview", () => {
  test("is a small WebP that stands upright and keeps no word of where it was taken", async () => {
    const { meta, at } = await preview(await photo(), "image/jpeg");
    expect(meta).toMatchObject({ format: "webp", width: 400, height: 600 });
    expect([meta.exif, meta.xmp, meta.iptc, meta.orientation]).toEqual(Array(4).fill(undefined));
    // Turned to the right, what was above is now on the right.
    expect([at(0.9, 0.5), at(0.1, 0.5)]).toEqual(["red", "blue"]);
  });

  test.each(["png", "webp", "avif", "tiff"] as const)("is made of %s", async (format) => {
    const bytes = await twoHalves(1_600, 800).toFormat(format).toBuffer();
    const { meta, at } = await preview(bytes, `image/${format}`);
    expect(meta).toMatchObject({ width: 800, height: 400 });
    expect([at(0.5, 0.1), at(0.5, 0.9)]).toEqual(["red", "blue"]);
  });

  test("of an animation is its first frame", async () => {
    const { meta, at } = await preview(await animation(), "image/gif");
    expect(meta).toMatchObject({ width: 40, height: 30 });
    expect(meta.pages ?? 1).toBe(1);
    expect(at(0.5, 0.5)).toBe("red");
  });

  test("for a letterhead loses no line", async () => {
    const bytes = await twoHalves(3_000, 1_000).png().toBuffer();
    const { meta } = await preview(bytes, "image/png", { purpose: "logo" });
    expect(meta).toMatchObject({ width: 1_000, height: 333 });
  });
});

describe("a PDF's preview", () => {
  test("is its first page", async () => {
    const { meta, at } = await preview(page(), "application/pdf");
    expect(meta).toMatchObject({ format: "webp", width: 600, height: 800 });
    expect([at(0.2, 0.8), at(0.8, 0.2)]).toEqual(["blue", "white"]);
  });

  test("is no larger for a page as large as a house", async () => {
    const bytes = pdf({ page: "/MediaBox [0 0 1000000 2000000]", content: "" });
    expect((await preview(bytes, "application/pdf")).meta).toMatchObject({
      width: 400,
      height: 800,
    });
  });
});

describe("no preview, and no harm, comes of", () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  test.each<[what: string, bytes: () => Buffer | Promise<Buffer>, type: string]>([
    ["a picture of too many pixels", bomb, "image/png"],
    ["a drawing that calls itself a picture", () => svg, "image/png"],
    ["half a picture", async () => (await photo()).subarray(0, 900), "image/jpeg"],
    ["text", () => Buffer.from("no picture"), "image/webp"],
    ["nothing", () => Buffer.alloc(0), "image/png"],
    ["a PDF without pages", () => Buffer.from("%PDF-1.7\n%%EOF\n"), "application/pdf"],
    ["a page that would fill the machine", swellingPdf, "application/pdf"],
  ])("%s", async (_what, bytes, type) => {
    expect(await draw(await bytes(), type)).toEqual({ reason: expect.stringMatching(/\w/) });
  });

  test("a page that takes for ever: it is ended", async () => {
    const drawn = await draw(slowPdf(), "application/pdf", { withinMs: 3_000 });
    expect(drawn).toEqual({ reason: "it took too much and was ended (SIGKILL)" });
  });
});

test("a worker that stops ends it, and says so", async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("stopping")), 300);
  const drawing = draw(slowPdf(), "application/pdf", { signal: stop.signal });
  await expect(drawing).rejects.toThrow("stopping");
});

test("a file that breaks off on its way is no verdict on it", async () => {
  const source = Readable.from(
    (async function* () {
      yield Buffer.from("%PDF-1.7\n");
      throw new Error("connection lost");
    })(),
  );
  const { signal } = new AbortController();
  const drawing = drawPreview({ source, contentType: "application/pdf", purpose: "file", signal });
  await expect(drawing).rejects.toThrow("connection lost");
});
