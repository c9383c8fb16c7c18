/** A portal with functions of its own beside the running stack's, for what that one does not have. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, inject, vi } from "vitest";
import { z } from "zod";
import { spawnFunctions } from "../../functions/_shared/spawn_functions.ts";
import { childEnv, ROOT, readEnv } from "../../scripts/env.ts";
import { buildSite } from "../../scripts/stack/site_build.ts";

const secrets = z.object({ jwtSecret: z.string() });

type Wanted = {
  readonly port: string;
  /** As browsers reach it. */
  readonly origin: string;
  readonly functions?: Readonly<Record<string, string>>;
  readonly site?: Readonly<Record<string, string>>;
};

/** Starts both on the stack's own build and secrets. @returns what stops them. */
export async function startOwnPortal({ port, origin, ...more }: Wanted): Promise<() => void> {
  const folder = path.dirname(inject("stackFile"));
  const { jwtSecret } = secrets.parse(
    JSON.parse(readFileSync(path.join(folder, "secrets.json"), "utf8")),
  );
  const functions = await spawnFunctions({
    PORTAL_URL: origin,
    JWT_SECRET: jwtSecret,
    ...more.functions,
  });
  // That of the running stack, unless the sources have changed since.
  const build = buildSite(ROOT, folder, childEnv(readEnv()), () => {});
  const site = spawn(
    process.execPath,
    [path.join(ROOT, "site", "server", "main.ts"), await build.done],
    {
      cwd: ROOT,
      env: {
        PATH: readEnv().PATH,
        NODE_ENV: "production",
        PORT: port,
        PORTAL_URL: origin,
        FUNCTIONS_URL: new URL(functions.url).origin,
        ...more.site,
      },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const stop = () => {
    site.kill("SIGKILL");
    functions.stop();
  };
  const icon = `http://127.0.0.1:${port}/favicon.svg`;
  const answers = async () => expect((await fetch(icon)).status).toBe(200);
  await vi.waitFor(answers, { timeout: 60_000, interval: 200 }).catch((error: unknown) => {
    stop();
    throw error;
  });
  return stop;
}
