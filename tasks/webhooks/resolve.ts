/** What a host's name stands for, asked without keeping anybody else waiting. */
import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";

/** A name's addresses. @throws Error that says why there are none. */
export type Resolve = (host: string) => Promise<string[]>;

const DNS_TIMEOUT_MS = 3_000;
const DNS_TRIES = 2;

/**
 * Asks the DNS by itself: the system's own look-up occupies one of few threads for as long as a name
 * server is silent, and all deliveries share those.
 * @param servers others than the system's.
 */
export function dnsResolver(servers?: readonly string[]): Resolve {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
  if (servers) resolver.setServers(servers);
  return async (host) => {
    if (isIP(host)) return [host];
    const asked = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = asked.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    if (addresses.length === 0) throw new Error(`The name ${host} could not be resolved.`);
    return addresses;
  };
}

/** As on one's own machine: names of /etc/hosts, `localhost` first of all, count as well. */
export function localResolver(): Resolve {
  const dns = dnsResolver();
  return async (host) => {
    if (isIP(host)) return [host];
    try {
      return (await lookup(host, { all: true })).map(({ address }) => address);
    } catch {
      return dns(host);
    }
  };
}
