/** `npm start`: the whole stack on this machine, from nothing to `kontor ready`. */
import { childEnv, type Env, EnvError, readEnv } from "../env.ts";
import { stopLeftovers } from "./children.ts";
import { createContext } from "./context.ts";
import { PASSWORD as DEMO_PASSWORD, ensureDemoData } from "./demo.ts";
import { explain, StackError } from "./errors.ts";
import { takeLock } from "./lock.ts";
import { appendLog } from "./logs.ts";
import { measureMemory, memoryTable } from "./memory.ts";
import type { StackContext } from "./part.ts";
import { createParts } from "./parts.ts";
import { pickPorts } from "./ports.ts";
import { prepareDatabase } from "./prepare.ts";
import { elapsed, say } from "./progress.ts";
import { loadSecrets } from "./secrets.ts";
import { buildSite } from "./site_build.ts";
import { removeStackFile, writeStackFile } from "./stack_file.ts";
import { Supervisor } from "./supervisor.ts";

/** The same Ctrl-C may reach us several times: from the terminal, from npm and from bootstrap.mjs. */
const ONE_CTRL_C_MS = 1000;
/** Then whatever is left is killed by the reaper. */
const STOP_WITHIN_MS = 12_000;

/** Undone in reverse order when the stack stops, however far it came. */
const undo: (() => void | Promise<void>)[] = [];
let stopBegan: number | undefined;

/** One step that fails does not keep the others from being undone. */
async function undoAll(): Promise<void> {
  for (const step of undo.reverse()) {
    try {
      await step();
    } catch (error) {
      console.error(`kontor: while stopping: ${explain(error)}`);
    }
  }
}

async function stop(why: string, exitCode: number): Promise<never> {
  stopBegan = performance.now();
  console.log(`kontor: ${why}, stopping (Ctrl-C again to force it)`);
  setTimeout(() => process.exit(exitCode || 1), STOP_WITHIN_MS).unref();
  await undoAll();
  console.log("kontor: stopped");
  process.exit(exitCode);
}

function onSignal(signal: NodeJS.Signals): void {
  if (stopBegan === undefined) void stop(signal, 0);
  else if (performance.now() - stopBegan > ONE_CTRL_C_MS) process.exit(1);
}

/** When bootstrap.mjs is killed outright, nobody would ever stop this process. */
function stopWithParent(parent: number | undefined): void {
  if (parent === undefined || parent !== process.ppid) return;
  setInterval(() => {
    if (process.ppid !== parent && stopBegan === undefined) void stop("its starter is gone", 0);
  }, 1000).unref();
}

/** What runs where, for people. */
function summary(ctx: StackContext): string {
  const database = ctx.external.database ? "external" : `127.0.0.1:${ctx.ports.database}`;
  return [
    "",
    `  portal    ${ctx.urls.portal}`,
    `  API       ${ctx.urls.gateway}`,
    `  Postgres  ${database} (addresses and keys: ${ctx.dataDir}/stack.json)`,
    `  mailbox   ${ctx.external.smtp ? "external" : ctx.urls.mail}`,
    ...(ctx.external.database ? [] : [`  sign in   owner@acme.test, password ${DEMO_PASSWORD}`]),
    "",
  ].join("\n");
}

async function start(env: Env): Promise<void> {
  const dataDir = env.KONTOR_DATA_DIR;
  const unlock = takeLock(dataDir);
  undo.push(unlock);
  // An error inside one of the launcher's own servers (a socket reset, say) is no reason to take
  // everybody's database away.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      appendLog(dataDir, "launcher", `${new Date().toISOString()} ${event} ${text}`);
    });
  }
  removeStackFile(dataDir);
  const left = await stopLeftovers(dataDir);
  if (left.length > 0) say("launcher", `stopped what an earlier start left: ${left.join(", ")}`);
  const ports = await pickPorts(env);
  const ctx = createContext(env, await loadSecrets(dataDir, env), ports);
  console.log(`kontor ${ctx.version}, data in ${dataDir}`);

  const build = buildSite(ctx.root, dataDir, childEnv(env), () =>
    say("portal", "building the pages (once for these sources)"),
  );
  undo.push(() => build.cancel());
  const supervisor = new Supervisor(createParts(ctx, env, build), dataDir, say);
  undo.push(() => removeStackFile(dataDir));
  undo.push(() => supervisor.stop());

  await supervisor.start(["postgres"]);
  await prepareDatabase(ctx, (text) => say("database", text));
  const all = supervisor.start(supervisor.parts().map(({ name }) => name));
  // Demo data are for a database of our own; somebody else's is not to be filled.
  const demo = ctx.external.database
    ? Promise.resolve()
    : supervisor
        .start(["auth", "gateway"])
        .then(() => ensureDemoData(ctx, (text) => say("demo data", text)));
  await Promise.all([all, demo]);
  writeStackFile(ctx);

  if (process.argv.includes("--print-memory")) console.log(memoryTable(measureMemory(dataDir)));
  console.log(summary(ctx));
  console.log(`kontor ready in ${elapsed()} s: ${ctx.urls.portal} (Ctrl-C stops it)`);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
try {
  const env = readEnv();
  stopWithParent(env.KONTOR_PARENT_PID);
  await start(env);
} catch (error) {
  if (stopBegan === undefined) {
    const expected = error instanceof StackError || error instanceof EnvError;
    console.error(`kontor: ${explain(error)}`);
    if (!expected && error instanceof Error) console.error(error.stack);
    stopBegan = performance.now();
    await undoAll();
    process.exit(1);
  }
}
