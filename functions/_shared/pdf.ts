/**
 * HTML to PDF by Gotenberg 8. Knows no runtime's globals: functions and tasks both print with it, and
 * say where Gotenberg is.
 *
 * gotenberg-js-client writes the addresses of Gotenberg 6; below `/forms/chromium` they are those of
 * version 8. What version 8 has beyond its types goes through as further fields.
 */
import { Buffer } from "node:buffer";
import {
  type ChromeRequestFields,
  convert,
  gotenberg,
  html,
  pipe,
  please,
} from "gotenberg-js-client";
import { inSpan } from "./telemetry/tracing.ts";

/** How long a whole conversion may take unless the caller says otherwise. */
const WITHIN_MS = 30_000;

/** Gotenberg's own names. Lengths in inches; without them A4 (or what the CSS says) and no margins. */
export type PdfOptions = {
  readonly paperWidth?: number;
  readonly paperHeight?: number;
  readonly marginTop?: number;
  readonly marginRight?: number;
  readonly marginBottom?: number;
  readonly marginLeft?: number;
  readonly landscape?: boolean;
  readonly scale?: number;
  /** Backgrounds are printed unless this is false. */
  readonly printBackground?: boolean;
  /** Paper and margins from the document's `@page`. */
  readonly preferCssPageSize?: boolean;
  /** Such as `1-3,5`. */
  readonly nativePageRanges?: string;
  /** With structure for screen readers, unless this is false. */
  readonly generateTaggedPdf?: boolean;
};

export type PdfSource = {
  readonly html: string;
  /** Printed in the top margin of every page: a document of its own, in which no asset is found. */
  readonly header?: string | undefined;
  /** The same in the bottom margin; `pageNumber` and `totalPages` are classes that are filled in. */
  readonly footer?: string | undefined;
  /** What the document may refer to, by file name: nothing else is ever loaded. */
  readonly assets?: Readonly<Record<string, Uint8Array>>;
  readonly options?: PdfOptions;
};

export type PdfLimits = {
  /** For everything together. Default 30,000. */
  readonly withinMs?: number;
  /** Gives up at once. */
  readonly signal?: AbortSignal | undefined;
};

/** A document that was not printed; the message may be shown to people. */
export class PdfError extends Error {
  override readonly name = "PdfError";
  /** Whether the same document may succeed later: the printer was away, full or too slow. */
  readonly transient: boolean;

  constructor(message: string, transient: boolean, cause: unknown) {
    super(message, { cause });
    this.transient = transient;
  }
}

/**
 * Prints a document.
 * @param gotenbergUrl Gotenberg's origin, GOTENBERG_URL.
 * @returns the PDF's bytes.
 * @throws PdfError when it was not printed; transient unless Gotenberg refused the document itself.
 */
export function renderPdf(
  gotenbergUrl: string,
  source: PdfSource,
  limits: PdfLimits = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return inSpan("gotenberg convert", { kind: "client" }, () => print(gotenbergUrl, source, limits));
}

async function print(
  gotenbergUrl: string,
  source: PdfSource,
  { withinMs = WITHIN_MS, signal }: PdfLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const base = `${gotenbergUrl.replace(/\/+$/, "")}/forms/chromium`;
  const late = AbortSignal.timeout(withinMs);
  const either = signal === undefined ? late : AbortSignal.any([late, signal]);
  const fields: PdfOptions & ChromeRequestFields = {
    paperWidth: 8.27,
    paperHeight: 11.69,
    marginTop: 0,
    marginRight: 0,
    marginBottom: 0,
    marginLeft: 0,
    printBackground: true,
    generateTaggedPdf: true,
    ...source.options,
  };
  // An answer without `Connection: close` would keep the socket, and with it a stopping process.
  const send = pipe(
    gotenberg(base, { signal: either, agent: false }),
    convert,
    html(fields),
    please,
  );
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of await send(files(source))) chunks.push(Buffer.from(chunk));
    const pdf = new Uint8Array(Buffer.concat(chunks));
    if (!isPdf(pdf)) throw new Error("the answer is not a PDF");
    return pdf;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (late.aborted) {
      throw new PdfError("The document was not printed in time.", true, error);
    }
    if (error instanceof Error && /^4(?!08|29)\d\d\b/.test(error.message)) {
      throw new PdfError("The document cannot be printed.", false, error);
    }
    throw new PdfError("The printer of documents cannot be reached just now.", true, error);
  }
}

/** As bytes: a text that begins like a file's address would be taken for one by the client. */
function files({ html, header, footer, assets = {} }: PdfSource): Record<string, Buffer> {
  return {
    ...Object.fromEntries(
      Object.entries(assets).map(([name, bytes]) => [name, Buffer.from(bytes)]),
    ),
    ...(header === undefined ? {} : { "header.html": Buffer.from(header) }),
    ...(footer === undefined ? {} : { "footer.html": Buffer.from(footer) }),
    "index.html": Buffer.from(html),
  };
}

const isPdf = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(0, 5)) === "%PDF-";
