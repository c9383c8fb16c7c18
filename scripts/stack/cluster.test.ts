/** Data folders that must not be opened are refused by name, and left as they are. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Account, pickAccount } from "./postgres/account.ts";
import { binFolder } from "./postgres/binaries.ts";
import { ensureCluster } from "./postgres/cluster.ts";

const bin = binFolder();
let dataDir: string;
let folder: string;
let account: Account;

const open = () => ensureCluster(folder, bin, account, "0123456789abcdef", dataDir);

beforeAll(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), "kontor cluster "));
  mkdirSync(path.join(dataDir, "run"));
  folder = path.join(dataDir, "postgres");
  account = pickAccount(bin, folder);
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

it("makes a cluster once, whatever an interrupted attempt left behind", async () => {
  const unfinished = `${folder}.new-1`;
  mkdirSync(unfinished);
  writeFileSync(path.join(unfinished, "PG_VERSION"), "17");
  expect(await open()).toBe(true);
  expect(existsSync(unfinished)).toBe(false);
  expect(await open()).toBe(false);
});

it("refuses a folder of an older Postgres, and says how to move on", async () => {
  const version = path.join(folder, "PG_VERSION");
  writeFileSync(version, "15\n");
  const before = readdirSync(folder);
  await expect(open()).rejects.toThrow(
    /made by Postgres 15, this is Postgres 17.*nothing was changed/s,
  );
  expect(readdirSync(folder)).toEqual(before);
  writeFileSync(version, "17\n");
});

it.each(["PG_VERSION", "global/pg_control", "pg_wal"])(
  "refuses a folder without %s",
  async (missing) => {
    const elsewhere = path.join(dataDir, "elsewhere");
    renameSync(path.join(folder, missing), elsewhere);
    const before = readdirSync(folder);
    await expect(open()).rejects.toThrow(`no ${missing}`);
    await expect(open()).rejects.toThrow(/damaged.*nothing was changed/s);
    expect(readdirSync(folder)).toEqual(before);
    renameSync(elsewhere, path.join(folder, missing));
  },
);

it("takes an emptied folder for none", async () => {
  renameSync(folder, path.join(dataDir, "kept"));
  mkdirSync(folder);
  expect(await open()).toBe(true);
});
