/** `npm run reset`: deletes the embedded stack's data, after asking. */
import { existsSync, rmSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { EnvError, readEnv } from "./env.ts";
import { explain } from "./stack/errors.ts";
import { runningLauncher } from "./stack/lock.ts";

async function confirmed(dataDir: string): Promise<boolean> {
  if (process.argv.includes("--yes")) return true;
  if (!process.stdin.isTTY) {
    console.error("kontor: nobody to ask; add --yes (npm run reset -- --yes)");
    return false;
  }
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const question = `Delete all data in ${dataDir}: database, files, mails, secrets? [y/N] `;
    return /^y(es)?$/i.test((await prompt.question(question)).trim());
  } finally {
    prompt.close();
  }
}

/** @returns the exit code. */
async function reset(): Promise<number> {
  const dataDir = readEnv().KONTOR_DATA_DIR;
  if (!existsSync(dataDir)) {
    console.log(`kontor: there is no data in ${dataDir}`);
    return 0;
  }
  const launcher = runningLauncher(dataDir);
  if (launcher) {
    console.error(`kontor: the stack is running (process ${launcher.pid}); stop it first`);
    return 1;
  }
  // A folder named by mistake (somebody's home) is not ours to delete.
  const known = ["secrets.json", "postgres", "logs", "run"];
  if (!known.some((name) => existsSync(`${dataDir}/${name}`))) {
    console.error(`kontor: ${dataDir} does not look like a data folder of Kontor; left alone`);
    return 1;
  }
  if (!(await confirmed(dataDir))) {
    console.error("kontor: nothing was deleted");
    return 1;
  }
  rmSync(dataDir, { recursive: true, force: true });
  console.log("kontor: deleted; `npm start` begins anew");
  return 0;
}

try {
  process.exitCode = await reset();
} catch (error) {
  console.error(`kontor: ${error instanceof EnvError ? error.message : explain(error)}`);
  process.exitCode = 1;
}
