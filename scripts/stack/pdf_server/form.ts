/** What a conversion is asked for: the fields of Gotenberg 8's form, and the files that came along. */
import { z } from "zod";

/** A form that cannot be printed; the message says why. */
export class FormError extends Error {
  readonly status: 400 | 415;
  constructor(message: string, status: 400 | 415 = 400) {
    super(message);
    this.status = status;
  }
}

const INCHES: Readonly<Record<string, number>> = {
  "": 1,
  in: 1,
  pt: 1 / 72,
  px: 1 / 96,
  mm: 1 / 25.4,
  cm: 1 / 2.54,
  pc: 1 / 6,
};
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60 };

/** A number with an optional unit, in that of `units` which is 1. */
const quantity = (units: Readonly<Record<string, number>>, most: number) =>
  z.string().transform((text, context) => {
    const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)([a-z]*)$/.exec(text) ?? [];
    const value = Number(number) * (units[unit] ?? Number.NaN);
    if (number !== "" && value <= most) return value;
    context.addIssue({ code: "custom", message: `not a size or duration: ${text.slice(0, 40)}` });
    return z.NEVER;
  });
const length = (fallback: string) => quantity(INCHES, 200).prefault(fallback);
const flag = (fallback: boolean) =>
  z
    .enum(["true", "false"])
    .prefault(fallback ? "true" : "false")
    .transform((text) => text === "true");

/** Gotenberg's names and defaults. Fields that are not here are ignored, as it does. */
const schema = z.object({
  paperWidth: length("8.5"),
  paperHeight: length("11"),
  marginTop: length("0.39"),
  marginRight: length("0.39"),
  marginBottom: length("0.39"),
  marginLeft: length("0.39"),
  landscape: flag(false),
  printBackground: flag(false),
  preferCssPageSize: flag(false),
  generateTaggedPdf: flag(false),
  scale: z.coerce.number().min(0.1).max(2).prefault("1"),
  nativePageRanges: z
    .string()
    .regex(/^[\d\s,-]*$/, "not page ranges, such as 1-3,5")
    .prefault(""),
  waitDelay: quantity(SECONDS, 30).prefault("0s"),
});

export type Fields = z.output<typeof schema>;

export type Asset = { readonly body: Buffer; readonly contentType: string };

export type Conversion = {
  readonly fields: Fields;
  readonly header: string | undefined;
  readonly footer: string | undefined;
  /** By file name; `index.html` is one of them. */
  readonly files: ReadonlyMap<string, Asset>;
};

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css",
  gif: "image/gif",
  htm: "text/html",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  otf: "font/otf",
  png: "image/png",
  svg: "image/svg+xml",
  ttf: "font/ttf",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
};

function contentType(name: string): string {
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()];
  if (type === undefined) return "application/octet-stream";
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}

/**
 * Reads a form. Every part with a file name is a file, whatever the part itself is called.
 * @throws FormError when it is not a form, has no index.html, or a field makes no sense.
 */
export async function readForm(request: Request): Promise<Conversion> {
  if (!request.headers.get("content-type")?.startsWith("multipart/form-data")) {
    throw new FormError("Invalid form data: not multipart/form-data", 415);
  }
  const body = await request.arrayBuffer();
  const form = await new Response(body, { headers: request.headers }).formData().catch(() => {
    throw new FormError("Invalid form data: cannot be read");
  });
  const texts: Record<string, string> = {};
  const files = new Map<string, Asset>();
  for (const [key, value] of form) {
    if (typeof value === "string") {
      texts[key] = value;
    } else {
      const name = value.name.slice(value.name.lastIndexOf("/") + 1);
      const bytes = Buffer.from(await value.arrayBuffer());
      files.set(name, { body: bytes, contentType: contentType(name) });
    }
  }
  const fields = schema.safeParse(texts);
  if (!fields.success) {
    const faults = fields.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new FormError(`Invalid form data: ${faults.join("; ")}`);
  }
  if (!files.has("index.html")) {
    throw new FormError("Invalid form data: form file 'index.html' is required");
  }
  const text = (name: string) => files.get(name)?.body.toString("utf8");
  return { fields: fields.data, header: text("header.html"), footer: text("footer.html"), files };
}
