/** Whether bytes are of the type that was promised, as far as their beginning tells. */
import { fileTypeFromBuffer } from "file-type";
import { FILE_TYPES } from "../_shared/contracts/files.ts";

/** How much of a file is looked at: office documents say what they are some way behind the start. */
export const SAMPLE_BYTES = 65_536;

/** Formats with a signature that would pass for text. */
const WRITTEN_AS_TEXT = new Set(["application/pdf", "application/rtf", "application/postscript"]);
/** Control characters that no text has: all but those from backspace to carriage return, and escape. */
// deno-lint-ignore no-control-regex -- they are what is looked for
const BINARY = /[\x00-\x07\x0e-\x1a\x1c-\x1f]/;
/** A zip file's first entry, or its end when it has none. */
const ZIP = ["PK\x03\x04", "PK\x05\x06"];

/**
 * Holds the first bytes of a file (SAMPLE_BYTES of them, or all) against its media type.
 * @returns whether they fit; a type that is not in FILE_TYPES never does, an empty file always.
 */
export async function contentFits(sample: Uint8Array, contentType: string): Promise<boolean> {
  const expected = FILE_TYPES.get(contentType);
  if (expected === undefined) return false;
  if (sample.length === 0) return true;
  const latin1 = new TextDecoder("latin1").decode(sample);
  const found = await typeOf(sample, latin1);
  if (expected !== "text") return found !== undefined && expected.includes(found);
  // A short signature may be an accident of words: a table that begins with BMW is no bitmap.
  return found === undefined || !(BINARY.test(latin1) || WRITTEN_AS_TEXT.has(found));
}

async function typeOf(sample: Uint8Array, latin1: string): Promise<string | undefined> {
  // A cut-off file can lead the library past the sample's end.
  const found = await fileTypeFromBuffer(sample).catch(() => undefined);
  return found?.mime ??
    (ZIP.some((start) => latin1.startsWith(start)) ? "application/zip" : undefined);
}
