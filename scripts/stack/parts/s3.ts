/** The object store part: files under `<data>/s3`, reached through the gateway's /storage/v1/s3. */
import path from "node:path";
import type { Part, StackContext } from "../part.ts";
import { httpPart } from "./http_part.ts";
import { openS3 } from "./s3_server.ts";

/** Uploads of a slow connection. */
const REQUEST_WITHIN_MS = 30 * 60_000;

/** Makes the part. */
export function createS3(ctx: StackContext): Part {
  return httpPart({
    name: "s3",
    needs: [],
    port: ctx.ports.s3,
    probe: "/",
    options: { requestTimeout: REQUEST_WITHIN_MS, maxHeaderSize: 32 * 1024 },
    open: () =>
      openS3(path.join(ctx.dataDir, "s3"), ctx.objectStore, (text) => ctx.log("s3", text)),
  });
}
