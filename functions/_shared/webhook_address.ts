/**
 * Where webhooks may be sent: not into the network that Kontor itself runs in. For the functions, which
 * refuse what can be seen to be wrong, and for the worker, which looks at what a name resolves to, every
 * time anew.
 */
import ipaddr from "ipaddr.js";

/** What is handed out of IPv6 for the whole internet; the rest is private, special or in nobody's use. */
const GLOBAL_V6 = ipaddr.IPv6.parse("2000::");
const GLOBAL_V6_BITS = 3;
/** Where a cloud tells its machines about themselves, on an address that looks like anybody's: Azure. */
const METADATA = new Set(["168.63.129.16"]);

/** Why an address is not one of the internet's, or null. Null for what is no IP address at all, too. */
export function addressProblem(text: string): string | null {
  if (!ipaddr.isValid(text)) return null;
  const address = ipaddr.process(text); // v4-mapped v6 is v4
  const range = address.range();
  if (range !== "unicast") return `${text} is not a public address (${range}).`;
  if (METADATA.has(address.toString())) return `${text} is not a public address (metadata).`;
  if (address.kind() === "ipv6" && !address.match([GLOBAL_V6, GLOBAL_V6_BITS])) {
    return `${text} is not a public address.`;
  }
  return null;
}

/** The host without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/**
 * Why a webhook may not be sent to an address, as far as the address itself shows it; null when it may.
 * @param allowPrivate for use on one's own machine: http, and addresses of the own network.
 */
export function urlProblem(text: string, allowPrivate: boolean): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return "Not an http or https address.";
  if (url.username !== "" || url.password !== "") return "An address must not hold a login.";
  if (allowPrivate) return null;
  if (url.protocol !== "https:") return "Webhooks are sent over https only.";
  if (/(^|\.)localhost\.?$/.test(url.hostname)) return "localhost is not a public address.";
  return addressProblem(hostOf(url));
}
