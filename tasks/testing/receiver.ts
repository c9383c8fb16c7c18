/** A webhook's receiver of a test's own: it keeps what it is sent, and answers what it is told to. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Received = {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: {
    id: string;
    type: string;
    timestamp: string;
    tenant_id: string;
    data: Record<string, unknown> & { previous?: Record<string, unknown> };
  };
};

export type Receiver = {
  readonly url: string;
  readonly received: readonly Received[];
  /** Answers each request instead of the usual 204. */
  answer(how: (response: ServerResponse, received: Received) => void): void;
  close(): Promise<void>;
};

/** Opens one on a free port of this machine. */
export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let answer = (response: ServerResponse, _received: Received): void => {
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const text = Buffer.concat(parts).toString("utf8");
      const id = String(request.headers["webhook-id"]);
      const one = { id, headers: request.headers, text, body: JSON.parse(text) };
      received.push(one);
      answer(response, one);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    answer(how) {
      answer = how;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}

/**
 * Which signatures of a request a secret made: the text of the Standard Webhooks specification, by hand
 * and without the library that signs.
 */
export function validSignatures({ headers, text }: Received, secret: string): boolean[] {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
  const expected = createHmac("sha256", key).update(signed).digest();
  return String(headers["webhook-signature"])
    .split(" ")
    .map((one) => {
      const [version, signature = ""] = one.split(",");
      const given = Buffer.from(signature, "base64");
      return (
        version === "v1" && given.length === expected.length && timingSafeEqual(given, expected)
      );
    });
}
