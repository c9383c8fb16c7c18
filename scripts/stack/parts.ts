/** Which parts a stack consists of; what is external is left out. */
import { telemetryVariables } from "../../functions/_shared/telemetry/variables.ts";
import { childEnv, type Env } from "../env.ts";
import type { Part, StackContext } from "./part.ts";
import { createAuth } from "./parts/auth.ts";
import { createFunctions } from "./parts/functions.ts";
import { createGateway } from "./parts/gateway.ts";
import { createMail } from "./parts/mail.ts";
import { createPdf } from "./parts/pdf.ts";
import { createPortal } from "./parts/portal.ts";
import { createPostgres } from "./parts/postgres.ts";
import { createRest } from "./parts/rest.ts";
import { createS3 } from "./parts/s3.ts";
import { createWorker } from "./parts/worker.ts";
import type { SiteBuild } from "./site_build.ts";

/** Makes every part that this environment does not name an external service for. Starts none. */
export function createParts(ctx: StackContext, env: Env, build: SiteBuild): Part[] {
  const given = { ...childEnv(env), LOG_LEVEL: env.LOG_LEVEL };
  const { external } = ctx;
  const webhooks = {
    WEBHOOK_ALLOW_PRIVATE: String(env.WEBHOOK_ALLOW_PRIVATE),
    WEBHOOK_RETRY_SCHEDULE: env.WEBHOOK_RETRY_SCHEDULE,
  };
  const limits = {
    RATE_LIMIT_PER_MINUTE: String(env.RATE_LIMIT_PER_MINUTE),
    RATE_LIMIT_ADDRESS_PER_MINUTE: String(env.RATE_LIMIT_ADDRESS_PER_MINUTE),
    ...(env.MAX_UPLOAD_BYTES === undefined
      ? {}
      : { MAX_UPLOAD_BYTES: String(env.MAX_UPLOAD_BYTES) }),
  };
  const told = { ...given, ...telemetry(env) };
  return [
    ...(external.database ? [] : [createPostgres(ctx)]),
    ...(external.supabase ? [] : [createAuth(ctx), createRest(ctx, given)]),
    ...(external.s3 ? [] : [createS3(ctx)]),
    ...(external.smtp ? [] : [createMail(ctx)]),
    ...(external.pdf ? [] : [createPdf(ctx, given)]),
    createFunctions(ctx, { ...told, ...limits, ...webhooks }),
    createWorker(ctx, { ...told, ...webhooks }),
    createGateway(ctx),
    createPortal(ctx, told, build),
  ];
}

/** What is said of traces and errors, for the three parts that are ours. */
function telemetry(env: Env): Record<string, string> {
  const names = Object.keys(telemetryVariables) as (keyof typeof telemetryVariables)[];
  return Object.fromEntries(
    names.flatMap((name) => (env[name] === undefined ? [] : [[name, String(env[name])]])),
  );
}
