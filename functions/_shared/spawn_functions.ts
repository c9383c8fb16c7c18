/** For tests: a functions process of their own, with parts missing or settings changed. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { SignJWT } from "jose";
import { stack } from "../../scripts/stack/testing.ts";

/** Nothing listens there: it is a port that only root's own services use. */
export const DEAD = "http://127.0.0.1:1";

const secret = "a secret of these tests, and of nothing else";

export type OwnFunctions = {
  /** Ends in /functions/v1. */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
};

/** Starts it; `settings` go over those of the running stack. Resolves when it listens. */
export async function spawnFunctions(settings: Record<string, string>): Promise<OwnFunctions> {
  const wrapper = "node_modules/.bin/deno"; // a script that would outlive a kill of itself
  const deno = execFileSync(wrapper, ["eval", "console.log(Deno.execPath())"], {
    encoding: "utf8",
  });
  const { api_url, portal_url, anon_key, database_url } = stack();
  const child = spawn(deno.trim(), ["run", "--allow-all", "functions/main/index.ts"], {
    env: {
      PORT: "0",
      DATABASE_URL: database_url,
      DATABASE_POOL_SIZE: "3",
      JWT_SECRET: secret,
      WEBHOOK_KEY: secret,
      SUPABASE_URL: api_url,
      SUPABASE_ANON_KEY: anon_key,
      PORTAL_URL: portal_url,
      DENO_NO_UPDATE_CHECK: "1",
      ...settings,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  for await (const line of createInterface(child.stdout)) {
    const { msg, port } = JSON.parse(line);
    if (msg === "listening") {
      return { url: `http://127.0.0.1:${port}/functions/v1`, pid: child.pid ?? 0, stop };
    }
  }
  throw new Error("the functions ended before they listened");
}

/** An access token that such a process takes for one of the auth server's. */
export function tokenOf(userId: string): Promise<string> {
  return new SignJWT({ role: "authenticated", email: "somebody@example.test" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setExpirationTime("5 minutes")
    .sign(new TextEncoder().encode(secret));
}
