import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { spawnFunctions } from "../_shared/spawn_functions.ts";

test("behind https the session cookie is bound to the host and never sent in the clear", async () => {
  const functions = await spawnFunctions({ PORTAL_URL: "https://kontor.example.com" });
  try {
    const signedUp = await fetch(`${functions.url}/auth/signup`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        email: `${randomUUID()}@example.test`,
        password: "a long enough passphrase",
      }),
    });
    expect(signedUp.status).toBe(201);
    expect(signedUp.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-kontor-session=.+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
  } finally {
    await functions.stop();
  }
});
