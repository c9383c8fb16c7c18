import { describe, expect, test } from "vitest";
import { requestIdFrom } from "./request_id.ts";
import { scrub } from "./scrub.ts";

describe("what is taken out of a text", () => {
  test.each([
    ["a mail address", "550 no such user <ada.l+x@mail.example.test>", "ada"],
    ["an address with letters of its own", "to jürgen@müller-söhne.example failed", "müller"],
    ["an IPv4 address", "connect ECONNREFUSED 203.0.113.7:5432", "203.0"],
    ["an IPv6 address", "from 2001:db8::17:1 or ::1", "2001"],
    ["a whole IPv6 address", "2001:0db8:0000:0000:0000:ff00:0042:8329 hung up", "8329"],
    ["a query", "GET https://x.test/orders?q=lovelace&x=1 failed", "lovelace"],
    ["a signature", "PUT http://s3.test/b/k?X-Amz-Signature=0fab broke off", "0fab"],
    ["a login in an address", "postgres://kontor:secret@db:5432/postgres", "secret"],
    ["an access token", "bad eyJhbGciOi.eyJzdWIi.c2ln here", "eyJ"],
    ["an API key", "kontor_0123456789_abcdef is not known", "abcdef"],
    ["an authorization", "authorization: Bearer 0123.abc-def", "0123"],
    ["what Postgres quotes", "Key (email, name)=(ada@x.test, Ada Lovelace) exists", "Lovelace"],
    ["what is quoted", 'invalid input syntax for type uuid: "Lovelace"', "Lovelace"],
    ["a long quotation", `invalid input: "${"x".repeat(2_000)} Lovelace"`, "Lovelace"],
    ["a quotation that was cut off", 'invalid input syntax for type json: "{Lovel', "Lovel"],
    ["a value that was cut off", "Key (email, name)=(ada@x.test, Lovel", "Lovel"],
  ])("%s", (_name, text, gone) => {
    expect(scrub(text)).not.toContain(gone);
  });

  test.each([
    "canceling statement due to statement timeout",
    "relation public.orders does not exist at 12:30:05",
    "TypeError: undefined is not iterable (reading id)",
    "worker 0.18.0 of 2026-11-22T10:11:12.123Z",
  ])("nothing of: %s", (text) => {
    expect(scrub(text)).toBe(text);
  });
});

test("a request id is the caller's own only if it is a sane token", () => {
  expect(requestIdFrom("order-17:a.b_c")).toBe("order-17:a.b_c");
  for (const bad of [null, undefined, "", "-a", "a b", "a\nb", "ü", "x".repeat(129), ["a", "b"]]) {
    expect(requestIdFrom(bad)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
  }
});
