/** Which address a request comes from: the socket's other end, or what a proxy of ours says about it. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import proxyAddr from "proxy-addr";
import { z } from "zod";

const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

/**
 * The setting TRUSTED_PROXIES: addresses or networks (CIDR) with commas between them, or the names
 * `loopback`, `linklocal` and `uniquelocal`. Only what these append to X-Forwarded-For is believed.
 */
export const trustedProxies = z
  .string()
  .default("")
  .transform((text, ctx) => {
    const networks = text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
    try {
      proxyAddr.compile(networks);
    } catch (error) {
      ctx.addIssue({ code: "custom", message: error instanceof Error ? error.message : "" });
      return z.NEVER;
    }
    return networks;
  });

export type AddressOf = (request: IncomingMessage) => string;

/**
 * The client's address: the nearest one on the way that is not a trusted proxy's. An IPv4 address
 * mapped into IPv6 is shown as IPv4.
 */
export function createAddressOf(trusted: readonly string[]): AddressOf {
  const trust = proxyAddr.compile([...trusted]);
  return (request) => {
    const peer = request.socket.remoteAddress ?? "";
    const claimed = trusted.length === 0 ? peer : proxyAddr(request, trust);
    return (isIP(claimed) ? claimed : peer).replace(MAPPED_IPV4, "");
  };
}
