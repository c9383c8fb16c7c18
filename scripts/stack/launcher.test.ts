/** Starting twice, ports in use, parts and the launcher killed, Ctrl-C: on a stack of its own. */
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readIdentity } from "./lock.ts";
import { isAlive, type ProcessIdentity } from "./process_identity.ts";
import { freshEnv, type SpawnedStack, spawnStack } from "./spawn_stack.ts";
import { api, owner, rest, signIn, stack, useStack } from "./testing.ts";

let running: SpawnedStack;

beforeAll(async () => {
  running = spawnStack(await freshEnv());
  await running.ready();
  await useStack(running.stackFile);
});
afterAll(async () => {
  await running.stop();
  rmSync(path.dirname(running.dataDir), { recursive: true, force: true });
});

const PARTS = ["postgres", "rest", "functions", "worker", "portal"];

function processOf(part: string): ProcessIdentity {
  const who = readIdentity(path.join(running.dataDir, "run", `${part}.pid`));
  if (!who) throw new Error(`${part} has no process on file`);
  return who;
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await condition()) return;
    await sleep(100);
  }
  throw new Error(`never happened: ${what}\n${running.output()}`);
}

/** Whether a signed-in person reads through both APIs and the pages answer. */
async function serves(): Promise<boolean> {
  try {
    const token = await signIn("owner@acme.test");
    const answers = await Promise.all([
      api("orders?limit=1", { token }),
      rest("orders?limit=1&select=id", { token }),
      fetch(stack().portal_url, { redirect: "manual" }),
    ]);
    return answers.every(({ status }) => status < 400);
  } catch {
    return false;
  }
}

/** How many orders the demo data have. */
async function orders(): Promise<number> {
  const [row] = await owner()<{ count: number }[]>`select count(*)::int from public.orders`;
  return row?.count ?? 0;
}

it("ends with the ready line and keeps its secrets to itself", async () => {
  expect(running.output().trim().split("\n").at(-1)).toMatch(/^kontor ready/);
  const mode = (file: string) => statSync(path.join(running.dataDir, file)).mode & 0o777;
  expect(mode(".")).toBe(0o700);
  expect(mode("secrets.json")).toBe(0o600);
  expect(mode("stack.json")).toBe(0o600);
  expect(stack().pid).toBe(running.child.pid);
  expect(await serves()).toBe(true);
});

it("refuses a second start on the same data", async () => {
  const second = spawnStack(running.env);
  expect(await second.exited()).toBe(1);
  expect(second.output()).toMatch(/already running.*process \d+/);
  expect(await serves()).toBe(true);
});

it.each([
  ["API_PORT", "gateway"],
  ["DB_PORT", "database"],
  ["PORTAL_PORT", "portal"],
  ["MAIL_PORT", "mailbox"],
])("names a port in use and %s, before it starts anything", async (variable) => {
  const env = { ...(await freshEnv()), [variable]: running.env[variable] ?? "" };
  const other = spawnStack(env);
  expect(await other.exited()).toBe(1);
  expect(other.output()).toContain(`port ${running.env[variable]} is in use`);
  expect(other.output()).toContain(variable);
  expect(existsSync(path.join(other.dataDir, "postgres"))).toBe(false);
});

it("names every variable that is wrong", async () => {
  const wrong = { API_PORT: "99999", DATABASE_URL: "mysql://x", S3_ENDPOINT: "http://s3.test" };
  const other = spawnStack({ ...(await freshEnv()), ...wrong });
  expect(await other.exited()).toBe(1);
  for (const name of ["API_PORT", "DATABASE_URL", "S3_ACCESS_KEY_ID"]) {
    expect(other.output()).toContain(name);
  }
});

it.each(PARTS)("starts %s again when it is killed, and says so", async (part) => {
  const before = processOf(part);
  const said = running.output().length;
  process.kill(before.pid, "SIGKILL");
  await until(`${part} is back`, () => running.output().slice(said).includes("is back"));
  expect(running.output().slice(said)).toMatch(new RegExp(`${part} +died \\(SIGKILL\\)`));
  await until("everything serves", serves);
  expect(processOf(part).pid).not.toBe(before.pid);
});

it("leaves nothing running when the launcher is killed, and comes back with the data", async () => {
  const had = await orders();
  const children = PARTS.map(processOf);
  const { anon_key } = stack();
  running.child.kill("SIGKILL");
  await running.exited();
  await until("all children are gone", () => !children.some(isAlive));

  running = spawnStack(running.env);
  await running.ready();
  await useStack(running.stackFile);
  expect(stack().anon_key).toBe(anon_key);
  expect(await orders()).toBe(had);
  expect(await serves()).toBe(true);
});

it("stops what an earlier launcher left, even when its reaper was killed too", async () => {
  const children = PARTS.map(processOf);
  const launcher = running.child.pid;
  const reapers = childrenOf(launcher ?? 0).filter((pid) => !children.some((c) => c.pid === pid));
  for (const pid of reapers) process.kill(pid, "SIGSTOP");
  running.child.kill("SIGKILL");
  for (const pid of reapers) process.kill(pid, "SIGKILL");
  await running.exited();
  expect(children.some(isAlive)).toBe(true);

  running = spawnStack(running.env);
  await running.ready();
  await useStack(running.stackFile);
  expect(running.output()).toContain("stopped what an earlier start left");
  expect(children.some(isAlive)).toBe(false);
  expect(await serves()).toBe(true);
});

it("stops everything on Ctrl-C", async () => {
  const children = PARTS.map(processOf);
  expect(await running.stop()).toBe(0);
  expect(children.some(isAlive)).toBe(false);
  expect(existsSync(running.stackFile)).toBe(false);
  expect(existsSync(path.join(running.dataDir, "lock"))).toBe(false);
});

function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return list === "" ? [] : list.split(" ").map(Number);
}
