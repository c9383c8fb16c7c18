/** Bodies taken whole: what is too large, too slow or cut off is refused. */
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { wholeBody } from "./body.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** What becomes of a body whose first bytes are these; the rest is the test's to send. */
async function begin(head: string, limit: number, withinMs?: number) {
  let arrived: (request: IncomingMessage) => void;
  const request = new Promise<IncomingMessage>((resolve) => {
    arrived = resolve;
  });
  const server = createServer((incoming) => arrived(incoming));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket: Socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => {});
  open.push({
    close() {
      socket.destroy();
      server.close();
    },
  });
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}`);
  return { socket, body: wholeBody(await request, limit, withinMs) };
}

describe("a body taken whole", () => {
  it("arrives in pieces", async () => {
    const { socket, body } = await begin("Content-Length: 6\r\n\r\nabc", 6);
    socket.write("def");
    expect(String(await body)).toBe("abcdef");
  });

  it("that is too large is heard out first, unless it says that it is enormous", async () => {
    const { socket, body } = await begin("Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n", 3);
    const outcome = expect(body).rejects.toMatchObject({ code: "too_large" });
    socket.write("0\r\n\r\n");
    await outcome;
    const enormous = await begin(`Content-Length: ${2 ** 40}\r\n\r\nabc`, 3);
    await expect(enormous.body).rejects.toMatchObject({ code: "too_large" });
  });

  it("that does not come to its end is given up", async () => {
    const { body } = await begin("Content-Length: 6\r\n\r\nabc", 6, 20);
    await expect(body).rejects.toMatchObject({ code: "request_timeout" });
  });

  it("that breaks off is none", async () => {
    const { socket, body } = await begin("Content-Length: 6\r\n\r\nabc", 6);
    const outcome = expect(body).rejects.toMatchObject({ code: "malformed_request" });
    socket.destroy();
    await outcome;
  });
});
