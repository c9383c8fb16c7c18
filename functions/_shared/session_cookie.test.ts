import { describe, expect, test } from "vitest";
import { clearSessionCookie, readSessionCookie, writeSessionCookie } from "./session_cookie.ts";

const tokens = (length: number) => ({
  accessToken: `head.${"b".repeat(length)}.signature`,
  refreshToken: "refresh.with dots;and=signs",
});

/** What a browser would send back: the name and value of each cookie. */
const sentBack = (setCookie: readonly string[]) =>
  setCookie.map((cookie) => cookie.split(";")[0]).join("; ");

describe("the session cookie", () => {
  test.each([10, 3_580, 3_600, 4_000, 12_000])(
    "gives back tokens of %i characters, every piece within 4 KB",
    (length) => {
      for (const secure of [true, false]) {
        const written = writeSessionCookie(tokens(length), secure);
        expect(readSessionCookie(sentBack(written), secure)).toEqual(tokens(length));
        for (const cookie of written) expect(cookie.length).toBeLessThan(4_096);
      }
    },
  );

  test("is for this host, this site and the server only", () => {
    const [plain] = writeSessionCookie(tokens(10), false);
    const [secure] = writeSessionCookie(tokens(10), true);
    expect(plain).toMatch(/^kontor-session=.*; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    expect(secure).toMatch(/^__Host-kontor-session=.*; HttpOnly; SameSite=Lax; Secure$/);
  });

  test("does not read left-over pieces of a longer session", () => {
    const long = sentBack(writeSessionCookie(tokens(8_000), false));
    const short = sentBack(writeSessionCookie(tokens(10), false));
    const left = long.split("; ").slice(1).join("; ");
    expect(readSessionCookie(`${left}; ${short}`, false)).toEqual(tokens(10));
  });

  test.each([
    null,
    "",
    "kontor-session=",
    "kontor-session=1.only.three.parts",
    "kontor-session=9.a.b.c.d",
    "kontor-session=2.a.b.c.d",
    "kontor-session=1.a.b.c.%zz",
    "other=1.a.b.c.d",
  ])("reads no session from %j", (header) => {
    expect(readSessionCookie(header, false)).toBeNull();
  });

  test("is cleared with every piece the browser has", () => {
    const header = sentBack(writeSessionCookie(tokens(8_000), false));
    const cleared = clearSessionCookie(header, false);
    expect(cleared.map((cookie) => cookie.split("=")[0])).toEqual([
      "kontor-session",
      "kontor-session.1",
      "kontor-session.2",
    ]);
    for (const cookie of cleared) expect(cookie).toContain("Max-Age=0");
  });

  test("refuses tokens that no request could carry", () => {
    expect(() => writeSessionCookie(tokens(20_000), true)).toThrow(RangeError);
  });
});
