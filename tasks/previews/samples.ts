/** Files that tests draw previews of, honest and hostile. */
import sharp from "sharp";

/** A red half above a blue one. */
export const twoHalves = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#d00000" } }).composite([
    {
      input: { create: { width, height: height / 2, channels: 3, background: "#0000d0" } },
      gravity: "south",
    },
  ]);

/** As a telephone writes it: lying on its side, with where it was taken. */
export const photo = (): Promise<Buffer> =>
  twoHalves(600, 400)
    .jpeg()
    .withExif({ IFD0: { Copyright: "Secret person" }, IFD3: { GPSLatitude: "53/1 33/1 0/1" } })
    .withMetadata({ orientation: 6 })
    .toBuffer();

/** A red frame, then a green one. */
export async function animation(): Promise<Buffer> {
  const frame = (background: string) =>
    sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toBuffer();
  const frames = await Promise.all(["#d00000", "#00d000"].map(frame));
  return await sharp(frames, { join: { animated: true } })
    .gif({ delay: [100, 100] })
    .toBuffer();
}

/** A few hundred kilobytes that are 150 million pixels. */
export const bomb = (): Promise<Buffer> =>
  sharp({ create: { width: 15_000, height: 10_000, channels: 3, background: "#fff" } })
    .png({ compressionLevel: 9 })
    .toBuffer();

type Content = { page?: string; content: string; objects?: string[] };

/** A PDF of one page. */
export function pdf({ page = "/MediaBox [0 0 300 400]", content, objects = [] }: Content): Buffer {
  const all = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R ${page} /Contents 4 0 R >>`,
    `<< /Length ${content.length} >> stream\n${content}\nendstream`,
    ...objects,
  ];
  const body = all.map((object, at) => `${at + 1} 0 obj ${object} endobj\n`).join("");
  return Buffer.from(`%PDF-1.7\n${body}trailer << /Root 1 0 R >>\n%%EOF\n`, "latin1");
}

/** A blue square in the lower left of a white page. */
export const page = (): Buffer => pdf({ content: "0 0 1 rg 0 0 150 200 re f" });

/** Each of ten forms draws the next one ten times: ten thousand million squares to keep in mind. */
export function swellingPdf(): Buffer {
  const levels = 10;
  const form = (level: number) => {
    const last = level === levels;
    const resources = last ? "" : `/Resources << /XObject << /X ${level + 5} 0 R >> >>`;
    const content = last ? "0 0 1 rg 0 0 9 9 re f" : "/X Do ".repeat(10);
    return `<< /Type /XObject /Subtype /Form /BBox [0 0 300 400] ${resources} /Length ${content.length} >> stream\n${content}\nendstream`;
  };
  return pdf({
    page: "/MediaBox [0 0 300 400] /Resources << /XObject << /X 5 0 R >> >>",
    content: "/X Do",
    objects: Array.from({ length: levels }, (_, at) => form(at + 1)),
  });
}

/** A page whose every point is reckoned by a program of thirty thousand steps. */
export function slowPdf(): Buffer {
  const program = `{ pop ${"dup mul sqrt ".repeat(10_000)} dup dup }`;
  const colours = `<< /FunctionType 4 /Domain [0 1 0 1] /Range [0 1 0 1 0 1] /Length ${program.length} >> stream\n${program}\nendstream`;
  const shading =
    "<< /ShadingType 1 /ColorSpace /DeviceRGB /Domain [0 1 0 1] /Matrix [300 0 0 400 0 0] /Function 6 0 R >>";
  return pdf({
    page: "/MediaBox [0 0 300 400] /Resources << /Shading << /S 5 0 R >> >>",
    content: "/S sh",
    objects: [shading, colours],
  });
}
