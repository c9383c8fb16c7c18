/** The auth part: Supabase Auth's /auth/v1 for the embedded stack, reached through the gateway. */
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { z } from "zod";
import { StackError } from "../errors.ts";
import type { Part, StackContext } from "../part.ts";
import { answers } from "../probe.ts";
import type { authWorkerData } from "./auth_worker.ts";

/** How long it may take to finish what is under way, in milliseconds. */
const STOPS_WITHIN_MS = 5000;

/** Starts the thread. @throws StackError when it cannot listen. */
async function launch(data: z.infer<typeof authWorkerData>, log: (text: string) => void) {
  const worker = new Worker(new URL("./auth_worker.ts", import.meta.url), {
    workerData: data,
    // The library reads settings of its own from the environment.
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 },
  });
  for (const output of [worker.stdout, worker.stderr]) {
    output.on("data", (chunk: Buffer) => log(chunk.toString("utf8")));
  }
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", (error) => reject(new StackError(error.message)));
    worker.once("exit", () => reject(new StackError("auth: ended before it listened")));
  });
  return worker;
}

/** Makes the part; its schema is installed beforehand (installAuthSchema). */
export function createAuth(ctx: StackContext): Part {
  let running: Worker | undefined;
  let exited: (reason: string) => void = () => {};
  return {
    name: "auth",
    needs: ["postgres"],
    async start() {
      const log = (text: string) => ctx.log("auth", text);
      const data = {
        port: ctx.ports.auth,
        databaseUrl: ctx.databaseUrl("supabase_auth_admin"),
        jwtSecret: ctx.secrets.jwtSecret,
        siteUrl: ctx.urls.portal,
        publicUrl: ctx.urls.gateway,
        smtpUrl: ctx.smtpUrl,
      };
      const worker = await launch(data, log);
      running = worker;
      let reason = "it ended";
      worker.once("error", (error) => {
        reason = error.message;
        log(error.stack ?? error.message);
      });
      worker.once("exit", () => {
        if (running !== worker) return;
        running = undefined;
        exited(reason);
      });
    },
    healthy: async () =>
      running !== undefined &&
      (await answers(`http://127.0.0.1:${ctx.ports.auth}/auth/v1/settings`)),
    async stop() {
      const worker = running;
      running = undefined;
      if (!worker) return;
      const gone = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
      worker.postMessage("stop");
      await Promise.race([gone, sleep(STOPS_WITHIN_MS, undefined, { ref: false })]);
      await worker.terminate();
    },
    onExit(listener) {
      exited = listener;
    },
  };
}
