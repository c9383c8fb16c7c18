/** Second factors, as the auth server keeps them: apps that make one-time codes (TOTP). */
import { z } from "zod";
import { type AuthSession, call, type Client, type Outcome, session } from "./auth_server.ts";

const enrolled = z.object({
  id: z.guid(),
  totp: z.object({
    qr_code: z.string().meta({ description: "An SVG image." }),
    secret: z.string(),
    uri: z.string(),
  }),
});
export type Enrolled = z.infer<typeof enrolled>;

const challenge = z.object({ id: z.string() });

/** What the auth server says to a kind of factor that nobody has: known, or no such address. */
export function probeFactors(accessToken: string, client: Client): Promise<Outcome<unknown>> {
  return call("POST", "/factors", z.unknown(), client, { accessToken, body: { factor_type: "" } });
}

/** Makes a factor, which counts once a code of it was verified. */
export function enrolFactor(
  accessToken: string,
  names: { friendly_name: string; issuer: string },
  client: Client,
): Promise<Outcome<Enrolled>> {
  return call("POST", "/factors", enrolled, client, {
    accessToken,
    body: { factor_type: "totp", ...names },
  });
}

/** Proves a factor with a code: the answer is the session, now proven twice, with new tokens. */
export async function verifyFactor(
  accessToken: string,
  factorId: string,
  code: string,
  client: Client,
): Promise<Outcome<AuthSession>> {
  const path = `/factors/${factorId}`;
  const asked = await call("POST", `${path}/challenge`, challenge, client, { accessToken });
  if (!asked.ok) return asked;
  return await call("POST", `${path}/verify`, session, client, {
    accessToken,
    body: { challenge_id: asked.value.id, code },
  });
}

/** Takes a factor away. */
export function removeFactor(
  accessToken: string,
  factorId: string,
  client: Client,
): Promise<Outcome<unknown>> {
  return call("DELETE", `/factors/${factorId}`, z.unknown(), client, { accessToken });
}
