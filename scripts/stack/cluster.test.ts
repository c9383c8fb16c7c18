/** Data folders that must not be opened are refused by name, and left as they are. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Account, pickAccount } from "./postgres/account.ts";
import { binFolder } from "./postgres/binaries.ts";
import { ensureCluster } from "./postgres/cluster.ts";

const bin = binFolder();
let dataDir: string;
let folder: string;
let account: Account;

beforeAll(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), "kontor cluster "));
  mkdirSync(path.join(dataDir, "run"));
  folder = path.join(dataDir, "postgres");
  account = pickAccount(bin, folder);
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
beforeEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => ensureCluster(folder, bin, account, "0123456789abcdef", dataDir);

it("makes a cluster once, whatever an interrupted attempt left behind", () => {
  mkdirSync(`${folder}.new`);
  writeFileSync(path.join(`${folder}.new`, "PG_VERSION"), "17");
  expect(open()).toBe(true);
  expect(existsSync(`${folder}.new`)).toBe(false);
  expect(open()).toBe(false);
});

describe("a folder that this server cannot use", () => {
  it("of an older Postgres is refused, and says how to move on", () => {
    open();
    writeFileSync(path.join(folder, "PG_VERSION"), "15\n");
    const before = readdirSync(folder);
    expect(open).toThrow(/made by Postgres 15, this is Postgres 17.*nothing was changed/s);
    expect(readdirSync(folder)).toEqual(before);
  });

  it.each(["PG_VERSION", "global/pg_control", "pg_wal"])("without %s is refused", (missing) => {
    open();
    rmSync(path.join(folder, missing), { recursive: true });
    const before = readdirSync(folder);
    expect(open).toThrow(`no ${missing}`);
    expect(open).toThrow(/damaged.*nothing was changed/s);
    expect(readdirSync(folder)).toEqual(before);
  });
});
