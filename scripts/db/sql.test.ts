/** `npm run sql` on a machine without psql, with statements piped in. */
import { spawn } from "node:child_process";
import path from "node:path";
import { describe, expect, inject, it } from "vitest";
import { ROOT } from "../env.ts";
import { splitStatements } from "./statements.ts";

type Run = { code: number | null; out: string; err: string };

function run(input: string): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(ROOT, "scripts", "db", "sql.ts")], {
      env: { PATH: "/nowhere", KONTOR_DATA_DIR: path.dirname(inject("stackFile")) },
    });
    const said = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
    child.once("close", (code) => resolve({ code, ...said }));
    child.stdin.end(input);
  });
}

it("runs every statement and prints values as Postgres writes them", async () => {
  const input = `
    create temporary table kept (number int, word text); insert into kept values (7, 'a;b'), (10, null);
    table kept;
    select array[1,2] as list, 0.10 as price, true as yes, '{"a": 1}'::json as doc`;
  expect(await run(input)).toEqual({
    code: 0,
    err: "",
    out: [
      "CREATE TABLE",
      "INSERT 0 2",
      " number | word",
      "--------+------",
      "      7 | a;b",
      "     10 |",
      "(2 rows)",
      " list  | price | yes | doc",
      "-------+-------+-----+----------",
      ' {1,2} |  0.10 | t   | {"a": 1}',
      "(1 row)",
      "",
    ].join("\n"),
  });
});

it("ends at the first error, with 1", async () => {
  const { code, out, err } = await run("select 1 as one;\nselect nonsense;\nselect 2 as two;\n");
  expect(code).toBe(1);
  expect(err).toBe('ERROR:  column "nonsense" does not exist\n');
  expect(out).toContain("one");
  expect(out).not.toContain("two");
});

it("answers what psql would have answered itself, and leaves at \\q", async () => {
  const { code, out, err } = await run("\\d\nhelp\n\\q\nselect 1;\n");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out.trim().split("\n")).toEqual([
    expect.stringContaining("\\d needs psql"),
    expect.stringContaining("\\q"),
  ]);
});

describe("statements", () => {
  it.each<[string, string[], string]>([
    ["select 1; select 2;", ["select 1", "select 2"], ""],
    ["select ';', \";\", e'\\';' ; rest", ["select ';', \";\", e'\\';'"], " rest"],
    ["do $a$ begin; end; $a$; do $$;$$;", ["do $a$ begin; end; $a$", "do $$;$$"], ""],
    ["-- one; two\nselect 1; /* ; */ ;", ["-- one; two\nselect 1"], ""],
    ["select 'open;\n", [], "select 'open;\n"],
    ["do $$ begin;\n", [], "do $$ begin;\n"],
  ])("%j", (text, statements, rest) => {
    expect(splitStatements(text)).toEqual({ statements, rest });
  });
});
