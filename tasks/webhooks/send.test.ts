import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { addressProblem, urlProblem } from "../../functions/_shared/webhook_address.ts";
import { openDnsServer } from "../testing/dns_server.ts";
import { openReceiver } from "../testing/receiver.ts";
import { dnsResolver } from "./resolve.ts";
import { openSender, type Rules } from "./send.ts";

vi.setConfig({ testTimeout: 60_000 });

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const asOnServers: Rules = { allowPrivate: false, resolve: dnsResolver(), connections: 2 };
const asLocally: Rules = {
  allowPrivate: true,
  resolve: () => Promise.resolve(["127.0.0.1"]),
  connections: 2,
};

async function post(url: string, rules: Rules, stop = new AbortController().signal) {
  const sender = openSender(rules);
  closing.push(() => sender.close());
  return await sender.post(url, { "content-type": "application/json" }, "{}", stop);
}

async function serve(handle: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => handle(response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe("an address that is refused", () => {
  test.each([
    ["http://example.com/", "Webhooks are sent over https only."],
    ["https://user:secret@example.com/", "An address must not hold a login."],
    ["https://user@example.com/", "An address must not hold a login."],
    ["https://localhost/", "localhost is not a public address."],
    ["https://a.localhost./", "localhost is not a public address."],
    ["https://127.0.0.1/", "127.0.0.1 is not a public address (loopback)."],
    ["https://0x7f.1/", "127.0.0.1 is not a public address (loopback)."],
    ["https://2130706433/", "127.0.0.1 is not a public address (loopback)."],
    ["https://017700000001/", "127.0.0.1 is not a public address (loopback)."],
    ["https://[::1]/", "::1 is not a public address (loopback)."],
    ["https://[::ffff:127.0.0.1]/", "::ffff:7f00:1 is not a public address (loopback)."],
    ["https://[::127.0.0.1]/", "::7f00:1 is not a public address."],
    ["https://[64:ff9b::10.0.0.1]/", "64:ff9b::a00:1 is not a public address (rfc6052)."],
    ["https://[2002:7f00:1::]/", "2002:7f00:1:: is not a public address (6to4)."],
    ["https://[fe80::1]/", "fe80::1 is not a public address (linkLocal)."],
    ["https://[fd00:ec2::254]/", "fd00:ec2::254 is not a public address (uniqueLocal)."],
    ["https://169.254.169.254/", "169.254.169.254 is not a public address (linkLocal)."],
    ["https://100.100.100.200/", "100.100.100.200 is not a public address (carrierGradeNat)."],
    ["https://168.63.129.16/", "168.63.129.16 is not a public address (metadata)."],
    ["https://10.1.2.3/", "10.1.2.3 is not a public address (private)."],
    ["https://224.0.0.1/", "224.0.0.1 is not a public address (multicast)."],
    ["https://0.0.0.0/", "0.0.0.0 is not a public address (unspecified)."],
    ["ftp://example.com/", "Not an http or https address."],
  ])("%s: %s", async (url, error) => {
    expect(await post(url, asOnServers)).toEqual({ error });
  });

  test("by what it resolves to", async () => {
    const dns = await openDnsServer(["10.0.0.5"]);
    closing.push(() => dns.close());
    const resolve = dnsResolver([dns.address]);
    expect(await post("https://internal.example.com/", { ...asOnServers, resolve })).toEqual({
      error: "Not sent: 10.0.0.5 is not a public address (private).",
    });
  });

  test("by any of its addresses", async () => {
    const resolve = () => Promise.resolve(["93.184.215.14", "2606:4700::1111", "::ffff:10.0.0.1"]);
    expect(await post("https://example.com/", { ...asOnServers, resolve })).toEqual({
      error: "Not sent: ::ffff:10.0.0.1 is not a public address (private).",
    });
  });

  test("and ordinary ones are not", () => {
    expect(["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"].map(addressProblem)).toEqual([
      null,
      null,
      null,
    ]);
    expect(urlProblem("https://example.com:8443/hooks?a=b", false)).toBeNull();
  });
});

describe("a name that resolves to another address the second time", () => {
  test("is asked once: what was checked is what is connected to", async () => {
    const receiver = await openReceiver();
    closing.push(() => receiver.close());
    // A name server that would lead the second question elsewhere: to where nobody listens.
    const dns = await openDnsServer(["127.0.0.1", "127.0.0.9"]);
    closing.push(() => dns.close());
    const resolve = dnsResolver([dns.address]);
    const port = new URL(receiver.url).port;
    const sent = await post(`http://rebinding.example.com:${port}/`, { ...asLocally, resolve });
    expect(sent.error).toBeUndefined();
    expect(receiver.received[0]?.headers.host).toBe(`rebinding.example.com:${port}`);
    const [again] = await resolve("rebinding.example.com");
    expect(again).toBe("127.0.0.9");
  });

  test("is refused at the next attempt", async () => {
    const answers = [["93.184.215.14"], ["169.254.169.254"]];
    const resolve = () => Promise.resolve(answers.shift() ?? []);
    // The first is a public address, of which nothing is wanted here: leave at once.
    const stop = AbortSignal.timeout(50);
    const sender = openSender({ ...asOnServers, resolve });
    closing.push(() => sender.close());
    await sender.post("https://rebinding.example.com/", {}, "{}", stop).catch(() => {});
    const next = await sender.post("https://rebinding.example.com/", {}, "{}", AbortSignal.any([]));
    expect(next.error).toBe("Not sent: 169.254.169.254 is not a public address (linkLocal).");
  });
});

describe("what a receiver does", () => {
  test("redirects are not followed", async () => {
    const url = await serve((response) => {
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" }).end();
    });
    const { answer, error } = await post(url, asLocally);
    expect([answer?.status, error]).toEqual([
      302,
      "It answered 302, and redirects are not followed.",
    ]);
  });

  test("of an answer of 10 MB 4 KB are kept, and the connection is closed", async () => {
    let wrote = 0;
    let closed = false;
    const url = await serve((response) => {
      response.writeHead(200);
      response.on("close", () => {
        closed = true;
      });
      const part = Buffer.alloc(64 * 1024, "x");
      const more = () => {
        while (wrote < 10 * 1024 ** 2 && !response.destroyed) {
          wrote += part.length;
          if (!response.write(part)) {
            response.once("drain", more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const { answer, error } = await post(url, asLocally);
    expect([error, answer?.status, answer?.body.length]).toEqual([undefined, 200, 4096]);
    await vi.waitFor(() => expect(closed).toBe(true));
    expect(wrote).toBeLessThan(10 * 1024 ** 2);
  });

  test("one that answers drop by drop is left after 10 seconds", async () => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.write("HTTP/1.1 200 OK\r\n");
      const drops = setInterval(() => socket.write("x-drop: 1\r\n"), 300);
      socket.on("close", () => clearInterval(drops));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    closing.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await post(url, asLocally)).toEqual({
      error: "There was no complete answer within 10 seconds.",
    });
  });

  test("a body that never ends is a failure too", async () => {
    const url = await serve((response) => {
      response.writeHead(200);
      const drops = setInterval(() => response.write("x"), 300);
      response.on("close", () => clearInterval(drops));
    });
    const { error } = await post(url, asLocally);
    expect(error).toBe("There was no complete answer within 10 seconds.");
  });

  test("null bytes and broken characters can be kept", async () => {
    const url = await serve((response) => {
      response.writeHead(500).end(Buffer.from([0x61, 0, 0xff, 0x62]));
    });
    expect((await post(url, asLocally)).answer?.body).toBe("a\u{FFFD}\u{FFFD}b");
  });

  test("over TLS it is asked by its name, at the address that was checked", async () => {
    let hello = "";
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => {
        hello = data.toString("latin1");
        socket.destroy();
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    closing.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const { error } = await post(`https://hooks.example.com:${port}/`, asLocally);
    expect(hello).toContain("hooks.example.com");
    expect(error).toMatch(/connection|closed|disconnected/i);
  });

  test("what is no HTTP, or is not there, is said in words", async () => {
    const server = createTcpServer((socket) => {
      socket.resume(); // what nobody reads would keep it open
      socket.end("SSH-2.0-OpenSSH_9.2\r\n");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    expect((await post(`http://127.0.0.1:${port}/`, asLocally)).error).toBe(
      "What it answered is not HTTP.",
    );
    server.close();
    await once(server, "close");
    expect((await post(`http://127.0.0.1:${port}/`, asLocally)).error).toBe(
      "The connection was refused.",
    );
  });
});
