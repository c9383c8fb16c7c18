import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createAddressOf, trustedProxies } from "./address.ts";

/** What a server says that is told `forwarded` by a peer on the loopback. */
async function seen(trusted: string, forwarded: string | undefined): Promise<string> {
  const addressOf = createAddressOf(trustedProxies.parse(trusted));
  const server = createServer((request, response) => response.end(addressOf(request)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const headers: HeadersInit = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
    return await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("a client's address", () => {
  it.each([
    ["", "203.0.113.7", "127.0.0.1"],
    ["10.0.0.0/8", "203.0.113.7", "127.0.0.1"],
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["127.0.0.1", "203.0.113.7", "203.0.113.7"],
    ["loopback", "2001:db8::7", "2001:db8::7"],
    ["loopback", "::ffff:203.0.113.7", "203.0.113.7"],
    // What the client wrote itself stands left of what the proxies appended.
    ["loopback", "198.51.100.1, 203.0.113.7", "203.0.113.7"],
    ["loopback, 10.0.0.0/8", "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"],
    ["loopback", "<script>", "127.0.0.1"],
  ])(
    "with the proxies «%s» trusted and «%s» said is %s for a peer on the loopback",
    async (trusted, forwarded, address) => {
      expect(await seen(trusted, forwarded)).toBe(address);
    },
  );

  it("needs proxies that are addresses, networks or known names", () => {
    for (const wrong of ["everyone", "10.0.0.0/33", "10.0.0.0/8 192.168.0.0/16"]) {
      expect(trustedProxies.safeParse(wrong).success, wrong).toBe(false);
    }
  });
});
