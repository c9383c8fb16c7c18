/** What keeps a stack from starting, each said in a line. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EnvError, readEnv } from "../env.ts";
import { freshEnv, spawnStack } from "./spawn_stack.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "kontor-"));
  writeFileSync(path.join(folder, "file"), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a start with these variables prints; it must end by itself, with 1. */
async function refusal(variables: Record<string, string>): Promise<string> {
  const started = spawnStack({ ...(await freshEnv()), ...variables });
  expect(await started.exited()).toBe(1);
  return started.output().trim();
}

describe.runIf(process.platform === "linux")("a data folder that nobody can make", () => {
  it("under /proc", async () => {
    expect(await refusal({ KONTOR_DATA_DIR: "/proc/kontor/data" })).toMatch(
      /^kontor: the data folder \/proc\/kontor\/data cannot be used: .*set KONTOR_DATA_DIR to.*$/,
    );
  });
});

it.each(["file", "file/below"])("a data folder that is %s", async (name) => {
  expect(await refusal({ KONTOR_DATA_DIR: path.join(folder, name) })).toMatch(
    /^kontor: the data folder \S+ cannot be used: .*set KONTOR_DATA_DIR to.*$/,
  );
});

it.each([
  ["PORTAL_PORT", "abc", 'a port from 1 to 65535, not "abc"'],
  ["DB_PORT", "0", 'a port from 1 to 65535, not "0"'],
  ["MAIL_PORT", "65536", 'a port from 1 to 65535, not "65536"'],
  ["BENCH_ORDERS", "1e6", 'a whole number of at least 10000, not "1e6"'],
  ["LOG_LEVEL", "loud", 'one of trace, debug, info, warn, error, fatal, not "loud"'],
  ["WEBHOOK_ALLOW_PRIVATE", "maybe", '1 or 0, not "maybe"'],
  ["SMTP_URL", "mail:secret@x", "an address such as smtp://user:password@host:587"],
  ["GOTENBERG_URL", "localhost:3000", "an address such as http://host:3000"],
])("%s=%s", (name, value, message) => {
  expect(() => readEnv({ [name]: value })).toThrow(
    new EnvError(`the environment is not usable:\n  ${name}: ${message}`),
  );
});
