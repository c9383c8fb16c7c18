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

it("makes a cluster once, whatever an interrupted attempt left behind", () => {
  mkdirSync(`${folder}.new`);
  writeFileSync(path.join(`${folder}.new`, "PG_VERSION"), "17");
  expect(open()).toBe(true);
  expect(existsSync(`${folder}.new`)).toBe(false);
  expect(open()).toBe(false);
});

it("refuses a folder of an older Postgres, and says how to move on", () => {
  const version = path.join(folder, "PG_VERSION");
  writeFileSync(version, "15\n");
  const before = readdirSync(folder);
  expect(open).toThrow(/made by Postgres 15, this is Postgres 17.*nothing was changed/s);
  expect(readdirSync(folder)).toEqual(before);
  writeFileSync(version, "17\n");
});

it.each(["PG_VERSION", "global/pg_control", "pg_wal"])("refuses a folder without %s", (missing) => {
  const elsewhere = path.join(dataDir, "elsewhere");
  renameSync(path.join(folder, missing), elsewhere);
  const before = readdirSync(folder);
  expect(open).toThrow(`no ${missing}`);
  expect(open).toThrow(/damaged.*nothing was changed/s);
  expect(readdirSync(folder)).toEqual(before);
  renameSync(elsewhere, path.join(folder, missing));
});

it("takes an emptied folder for none", () => {
  renameSync(folder, path.join(dataDir, "kept"));
  mkdirSync(folder);
  expect(open()).toBe(true);
});
