/** `.data/stack.json`: what a script on this machine needs to talk to the running stack. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { StackContext } from "./part.ts";

const stackSchema = z.object({
  portal_url: z.string(),
  api_url: z.string(),
  database_url: z.string(),
  mail_url: z.string(),
  anon_key: z.string(),
  service_role_key: z.string(),
  s3: z.object({
    endpoint: z.string(),
    region: z.string(),
    bucket: z.string(),
    access_key_id: z.string(),
    secret_access_key: z.string(),
  }),
  /** Where Prometheus reads, on this machine only. */
  metrics: z.object({ functions: z.string(), site: z.string(), worker: z.string() }),
  pid: z.number(),
});

export type Stack = z.infer<typeof stackSchema>;

/** Where the file of a data folder is, whether or not a stack is running. */
export const stackFile = (dataDir: string) => path.join(dataDir, "stack.json");

/** Written only when everything answers; mode 0600, for it holds an owner's password. */
export function writeStackFile(ctx: StackContext): void {
  const stack: Stack = {
    portal_url: ctx.urls.portal,
    api_url: ctx.urls.gateway,
    database_url: ctx.databaseUrl("postgres"),
    mail_url: ctx.urls.mail,
    anon_key: ctx.secrets.anonKey,
    service_role_key: ctx.secrets.serviceRoleKey,
    s3: {
      endpoint: ctx.objectStore.endpoint,
      region: ctx.objectStore.region,
      bucket: ctx.objectStore.bucket,
      access_key_id: ctx.objectStore.accessKeyId,
      secret_access_key: ctx.objectStore.secretAccessKey,
    },
    metrics: {
      functions: `http://127.0.0.1:${ctx.ports.functionsMetrics}/metrics`,
      site: `http://127.0.0.1:${ctx.ports.portalMetrics}/metrics`,
      worker: `http://127.0.0.1:${ctx.ports.worker}/metrics`,
    },
    pid: process.pid,
  };
  const file = stackFile(ctx.dataDir);
  writeFileSync(`${file}.new`, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** @throws when there is no such file or it is not one of ours. */
export function readStackFile(file: string): Stack {
  return stackSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Whoever finds the file finds a running stack. */
export function removeStackFile(dataDir: string): void {
  rmSync(stackFile(dataDir), { force: true });
}
