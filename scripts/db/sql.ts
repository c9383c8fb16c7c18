/**
 * `npm run sql`: a prompt on the running stack's database, as its owner, or with `--analyst` as an analyst
 * of the demo tenant. The machine's psql when there is one (with whatever other arguments are given), else
 * a small one of our own.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readEnv } from "../env.ts";
import { readStackFile, stackFile } from "../stack/stack_file.ts";
import { demoAnalyst } from "./demo_analyst.ts";
import { main } from "./main.ts";
import { prompt } from "./prompt.ts";
import { using } from "./scratch.ts";
import { splitPassword } from "./split_password.ts";

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
  process.exitCode = code ?? (await using(url, prompt));
});
