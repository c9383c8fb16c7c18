/**
 * `npm run sql`: a prompt on the running stack's database, as its owner, or with `--analyst` as an analyst
 * of the demo tenant. The machine's psql when there is one (with whatever other arguments are given), else
 * a small one of our own.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { readEnv } from "../env.ts";
import { readStackFile, stackFile } from "../stack/stack_file.ts";
import { demoAnalyst } from "./demo_analyst.ts";
import { main } from "./main.ts";
import { using } from "./scratch.ts";
import { splitPassword } from "./supabase_cli.ts";

const ANALYST = "--analyst";

/** Runs psql; undefined when there is none, else its exit code. */
function psql(databaseUrl: string, args: readonly string[], path: string) {
  const { url, password } = splitPassword(databaseUrl);
  return new Promise<number | undefined>((resolve) => {
    const child = spawn("psql", [url, ...args], {
      stdio: "inherit",
      env: { PATH: path, PGPASSWORD: password, ...(process.stdout.isTTY ? { TERM: "xterm" } : {}) },
    });
    child.once("error", () => resolve(undefined));
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function prompt(databaseUrl: string): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "sql> " });
  console.log("psql is not installed: statements end with ; and Ctrl-D leaves");
  await using(databaseUrl, async (sql) => {
    let statement = "";
    lines.prompt();
    for await (const line of lines) {
      statement += `${line}\n`;
      if (/;\s*$/.test(statement)) {
        try {
          const rows = await sql.unsafe(statement);
          if (rows.length > 0) console.table([...rows]);
          else console.log(rows.command);
        } catch (error) {
          console.error(error instanceof Error ? error.message : error);
        }
        statement = "";
      }
      lines.prompt();
    }
  });
}

await main(async () => {
  const env = readEnv();
  const file = stackFile(env.KONTOR_DATA_DIR);
  if (!existsSync(file))
    throw new Error("no stack is running on this data folder; run `npm start`");
  const { database_url } = readStackFile(file);
  const given = process.argv.slice(2);
  const args = given.filter((one) => one !== ANALYST);
  const url = given.includes(ANALYST) ? await demoAnalyst(database_url) : database_url;
  const code = await psql(url, args, env.PATH);
  if (code === undefined) await prompt(url);
  else process.exitCode = code;
});
