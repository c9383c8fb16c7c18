/** The portal's /api: the functions as they are, with the caller's address and nothing the caller claims. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { newTenant, owner, portalUrl, signIn } from "../../scripts/stack/testing.ts";

const json = { "content-type": "application/json" };

describe("/api on the portal", () => {
  it("records the address of the socket, whatever headers claim", async () => {
    const { token, id } = await newTenant();
    const claims = ["x-forwarded-for", "forwarded", "x-real-ip"].map((name) => [
      name,
      "203.0.113.7",
    ]);
    const response = await fetch(`${portalUrl()}/api/customers`, {
      method: "POST",
      headers: {
        ...json,
        authorization: `Bearer ${token}`,
        "x-tenant-id": id,
        ...Object.fromEntries(claims),
      },
      body: JSON.stringify({ name: "Someone" }),
    });
    const customer = z.object({ id: z.string() }).parse(await response.json());
    const [entry] =
      await owner()`select host(ip) as ip from audit.entries where entity_id = ${customer.id}`;
    expect(entry?.ip).toBe("127.0.0.1");
  });

  it("passes problems, tags and request ids through", async () => {
    const authorization = `Bearer ${await signIn("owner@acme.test")}`;
    const wrong = await fetch(`${portalUrl()}/api/orders?nonsense=1`, {
      headers: { authorization, "x-request-id": "from-the-caller-1" },
    });
    expect(wrong.status).toBe(400);
    expect(wrong.headers.get("content-type")).toBe("application/problem+json");
    expect(wrong.headers.get("x-request-id")).toBe("from-the-caller-1");
    expect(await wrong.json()).toMatchObject({
      code: "invalid_query",
      request_id: "from-the-caller-1",
    });

    const list = await fetch(`${portalUrl()}/api/products`, { headers: { authorization } });
    const etag = list.headers.get("etag") ?? "";
    await list.body?.cancel();
    const again = await fetch(`${portalUrl()}/api/products`, {
      headers: { authorization, "if-none-match": etag },
    });
    expect(again.status).toBe(304);
  });

  it("refuses a body that is too large, also one of unknown length", async () => {
    const authorization = `Bearer ${await signIn("owner@acme.test")}`;
    const piece = new Uint8Array(256 * 1024).fill(97);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent++ < 64) controller.enqueue(piece);
        else controller.close();
      },
    });
    const response = await fetch(`${portalUrl()}/api/orders`, {
      method: "POST",
      headers: { ...json, authorization },
      body: endless,
      ...{ duplex: "half" }, // which the types of browsers do not have
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: "too_large" });
  });

  it("takes a session's cookie for writes from its own pages only", async () => {
    const signedIn = await fetch(`${portalUrl()}/api/auth/signin`, {
      method: "POST",
      headers: { ...json, origin: portalUrl() },
      body: JSON.stringify({ email: "owner@acme.test", password: "kontor-demo" }),
    });
    const cookie = signedIn.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    const write = (origin: string) =>
      fetch(`${portalUrl()}/api/customers`, {
        method: "POST",
        headers: { ...json, cookie, origin },
        body: JSON.stringify({}), // without a name: refused, but only once it is let in
      });
    expect((await write("https://evil.example")).status).toBe(403);
    expect((await write(portalUrl())).status).toBe(422);
  });

  it("does not lead out of the functions", async () => {
    for (const path of [
      "/api/..%2f..%2fauth/v1/health",
      "/api//etc/passwd",
      "/api/orders/..%2f..%2f",
    ]) {
      const response = await fetch(portalUrl() + path);
      expect(response.status, path).toBe(404);
      expect(response.headers.get("content-type"), path).toBe("application/problem+json");
    }
  });
});
