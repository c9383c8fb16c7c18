/** A real object store of a test's own, which fails as it is told to. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { openS3, S3_PREFIX } from "../../scripts/stack/parts/s3_server.ts";

/** A status to refuse with, a connection that breaks off, or an answer that comes late. */
export type Fault = 503 | 507 | "cut" | Promise<void>;

/** `part` is the number of a part of an upload. */
export type StoreRequest = { readonly method: string; readonly part: number | undefined };

export type FaultyStore = {
  /** Makes a stack use it. */
  readonly env: Record<string, string>;
  /** What becomes of a request; undefined: it is answered. */
  fault: (request: StoreRequest) => Fault | undefined;
  close(): Promise<void>;
};

const CODES = { 503: "SlowDown", 507: "XMinioStorageFull" };
/** Of a part that breaks off, so much arrives. */
const CUT_AFTER_BYTES = 100_000;

/** Opens one on a free port. */
export async function openFaultyStore(): Promise<FaultyStore> {
  const directory = mkdtempSync(path.join(tmpdir(), "kontor-faulty-s3-"));
  const keys = { accessKeyId: "the-tests-own-key", secretAccessKey: "the-tests-own-secret" };
  const place = { endpoint: "", region: "us-east-1", bucket: "kontor", ...keys };
  const s3 = await openS3(directory, place, () => {});
  const server = createServer((request, response) => {
    const { method = "GET", url = "/" } = request;
    const number = new URL(url, "http://store").searchParams.get("partNumber");
    const fault = store.fault({ method, part: number === null ? undefined : Number(number) });
    if (fault === undefined) {
      s3.listener(request, response);
    } else if (fault === "cut") {
      let arrived = 0;
      request.on("data", (chunk: Buffer) => {
        arrived += chunk.length;
        if (arrived > CUT_AFTER_BYTES) request.destroy();
      });
    } else if (typeof fault === "number") {
      request.resume();
      response.writeHead(fault, { "content-type": "application/xml", connection: "close" });
      response.end(`<Error><Code>${CODES[fault]}</Code><Message>told to</Message></Error>`);
    } else {
      void fault.then(() => s3.listener(request, response));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const store: FaultyStore = {
    env: {
      S3_ENDPOINT: `http://127.0.0.1:${port}${S3_PREFIX}`,
      S3_ACCESS_KEY_ID: keys.accessKeyId,
      S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
    },
    fault: () => undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await s3.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return store;
}
