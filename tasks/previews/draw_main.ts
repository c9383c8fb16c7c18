/**
 * The program that draws one preview: a file's bytes come in, a small WebP goes out. It runs by itself,
 * with limits and without rights (draw.ts), because what it reads may have been made to harm.
 */
import { buffer } from "node:stream/consumers";
import { PDFiumLibrary } from "@hyzyla/pdfium";
import sharp, { type Sharp } from "sharp";
import { NOT_DRAWABLE, type Purpose } from "./contract.ts";

/** Pictures of more pixels than this are not looked at. */
const MAX_PIXELS = 100_000_000;
/** Edges in pixels. A logo is printed: 1,000 are enough for 8 cm. */
const SIZES: Record<Purpose, { width: number; height: number }> = {
  file: { width: 800, height: 800 },
  logo: { width: 1_000, height: 500 },
};
const MAX_EXACT_LOGO_BYTES = 256 * 1024;
/** Nothing that is a program of its own, such as SVG, and nothing that is never asked for. */
const FORMATS = ["Jpeg", "Png", "Webp", "Nsgif", "Heif", "Tiff"];

const [contentType = "", purpose] = process.argv.slice(2);
const size = SIZES[purpose === "logo" ? "logo" : "file"];

try {
  const bytes = await buffer(process.stdin);
  const image = contentType === "application/pdf" ? await firstPage(bytes) : picture(bytes);
  const drawn = image.resize({ ...size, fit: "inside", withoutEnlargement: true });
  const preview = purpose === "logo" ? await sharpLogo(drawn) : await drawn.webp().toBuffer();
  process.stdout.write(preview);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = NOT_DRAWABLE;
}

/** The first frame, the right way up. What a camera wrote into it besides is left out. */
function picture(bytes: Buffer): Sharp {
  sharp.concurrency(1);
  sharp.cache(false);
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: FORMATS.map((name) => `VipsForeignLoad${name}`) });
  return sharp(bytes, {
    limitInputPixels: MAX_PIXELS,
    failOn: "error",
    pages: 1,
    sequentialRead: true,
  }).autoOrient();
}

/** Every line as it was, unless it is a photograph and would be too much for each document. */
async function sharpLogo(drawn: Sharp): Promise<Buffer> {
  const exact = await drawn.clone().webp({ lossless: true }).toBuffer();
  return exact.length > MAX_EXACT_LOGO_BYTES ? await drawn.webp({ quality: 90 }).toBuffer() : exact;
}

/** The first page, drawn no larger than it is shown: what it says of its size costs nothing. */
async function firstPage(bytes: Buffer): Promise<Sharp> {
  const library = await PDFiumLibrary.init();
  const page = (await library.loadDocument(bytes)).getPage(0);
  const { originalWidth, originalHeight } = page.getOriginalSize();
  const scale = Math.min(size.width / originalWidth, size.height / originalHeight);
  if (!(scale > 0 && Number.isFinite(scale))) throw new Error("The page has no size.");
  const pixels = (points: number) => Math.max(1, Math.round(points * scale));
  const { data, width, height } = await page.render({
    width: pixels(originalWidth),
    height: pixels(originalHeight),
    renderFormFields: false,
  });
  return sharp(data, { raw: { width, height, channels: 4 } });
}
