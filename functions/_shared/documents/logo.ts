/** A tenant's logo in its documents: the preview of what was uploaded, small and of our own making. */
import { Buffer } from "node:buffer";

/** What a document carries along at most. */
const MAX_BYTES = 1024 * 1024;

/** A logo's bytes as a data: URI; empty when there are none, or more than a document should carry. */
export async function logoFrom(bytes: AsyncIterable<Uint8Array> | null): Promise<string> {
  if (bytes === null) return "";
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of bytes) {
    parts.push(part);
    length += part.length;
    if (length > MAX_BYTES) return "";
  }
  return `data:image/webp;base64,${Buffer.concat(parts).toString("base64")}`;
}
