/**
 * Sends an endpoint's deliveries: one job per endpoint, which sends all that is due and has itself called
 * again when the next one is. So an endpoint keeps no other waiting, however slow it is. What a worker
 * that died had sent and not written is sent again, under the same webhook-id.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { webhookSecretSealer } from "../../functions/_shared/sealer.ts";
import { type Env, readEnv } from "../env.ts";
import { defineTask } from "../task.ts";
import { type Due, type Endpoint, type Endpoints, endpointOf, type Outcome } from "./endpoint.ts";
import { dnsResolver, localResolver } from "./resolve.ts";
import { nextTry, retryAfter } from "./retry_schedule.ts";
import { type Attempted, openSender, type Sender } from "./send.ts";
import { signedHeaders } from "./sign.ts";

/** As many at once to an endpoint that is well. */
const AT_ONCE = 20;
/** After so many failures in a row it is asked one at a time, and left alone in between. */
const FAILURES_BEFORE_CARE = 5;
/** Between two of those, at most. */
const LONGEST_REST_MS = 60_000;
/** So long, then the endpoint is looked at anew: it may have been paused, moved, given another secret. */
const TURN_MS = 10_000;
/** What is due is looked for so often while something is still under way. */
const LOOK_MS = 250;
const GATHER_MS = 5;

export const deliverWebhook = defineTask({
  payload: z.object({ tenant_id: z.guid(), webhook_id: z.guid() }),
  async run({ tenant_id, webhook_id }, { sql, signal, log }) {
    const endpoints = endpointOf(sql, tenant_id, webhook_id);
    const endpoint = await endpoints.begin();
    if (endpoint === null) return;
    if (endpoint.wait_ms === 0) {
      const env = readEnv();
      const sender = openSender({
        allowPrivate: env.WEBHOOK_ALLOW_PRIVATE,
        resolve: env.WEBHOOK_ALLOW_PRIVATE ? localResolver() : dnsResolver(),
        connections: AT_ONCE,
      });
      try {
        const sent = await takeTurn({ endpoint, endpoints, sender, env, signal });
        log.debug({ webhook_id, sent }, "deliveries");
      } finally {
        await sender.close();
      }
    }
    await endpoints.schedule();
  },
});

type Turn = {
  readonly endpoint: Endpoint;
  readonly endpoints: Endpoints;
  readonly sender: Sender;
  readonly env: Env;
  readonly signal: AbortSignal;
};

/** Sends what is due until there is nothing left, the time is up, or the endpoint needs a rest. */
async function takeTurn(turn: Turn): Promise<number> {
  const { endpoint, endpoints, env, signal } = turn;
  const ends = Date.now() + TURN_MS;
  const underWay = new Map<string, Promise<void>>();
  let done: Outcome[] = [];
  let failures: number | null = endpoint.failures;
  let rest = 0;
  let sent = 0;

  const start = (due: Due) => {
    const attempt = makeAttempt(turn, due)
      .then((outcome) => void done.push(outcome))
      // The worker stops: this one was not written, so it is sent again.
      .catch(() => {})
      .finally(() => underWay.delete(due.id));
    underWay.set(due.id, attempt);
  };

  for (;;) {
    if (done.length > 0) {
      const written = done;
      done = [];
      failures = await endpoints.finish(endpoint.url, written);
      sent += written.length;
      rest = Math.max(rest, restAfter(written, failures ?? 0, env));
    }
    const over = signal.aborted || Date.now() >= ends || failures === null || rest > 0;
    const limit = (failures ?? 0) >= FAILURES_BEFORE_CARE ? 1 : AT_ONCE;
    if (!over && underWay.size < limit) {
      // What has ended and is not written yet is not to be sent again either.
      const busy = [...underWay.keys(), ...done.map(({ due }) => due.id)];
      const dues = await endpoints.due(busy, limit - underWay.size);
      for (const due of dues) start(due);
    }
    if (done.length > 0) continue;
    if (underWay.size === 0) break;
    await Promise.race([...underWay.values(), sleep(LOOK_MS)]);
    // The others answer about now, too: their outcomes are written together.
    if (underWay.size > 0) await sleep(GATHER_MS);
  }
  if (rest > 0 && failures !== null) await endpoints.rest(rest);
  return sent;
}

async function makeAttempt({ endpoint, sender, env, signal }: Turn, due: Due): Promise<Outcome> {
  const at = new Date();
  const began = performance.now();
  let requestHeaders: Record<string, string> = {};
  let attempted: Attempted;
  const { unseal } = webhookSecretSealer(env.WEBHOOK_KEY);
  const secrets = endpoint.sealed_secrets.map(unseal).filter((secret) => secret !== null);
  if (secrets.length === 0) {
    attempted = { error: "Its secret cannot be read any more. Rotate it." };
  } else {
    requestHeaders = {
      "content-type": "application/json",
      "user-agent": `Kontor/${env.KONTOR_VERSION} (webhooks)`,
      ...signedHeaders(due.event_id, due.body, secrets, at),
    };
    attempted = await sender.post(endpoint.url, requestHeaders, due.body, signal);
  }
  const asked = retryAfter(attempted.answer?.headers["retry-after"]);
  const isTest = due.event_type === "webhook.test";
  const durationMs = Math.round(performance.now() - began);
  // Who asks for a test looks at its outcome; it is not worth another.
  const retryInMs = isTest ? null : nextTry(env.WEBHOOK_RETRY_SCHEDULE, due.tries, asked);
  return { ...attempted, due, at, durationMs, requestHeaders, retryInMs };
}

/** Milliseconds that an endpoint is to be left alone after these; 0 for none. */
function restAfter(outcomes: readonly Outcome[], failures: number, env: Env): number {
  const failed = outcomes.filter(({ error }) => error !== undefined);
  const asked = failed.map(({ answer }) => retryAfter(answer?.headers["retry-after"]));
  const [first = 0] = env.WEBHOOK_RETRY_SCHEDULE;
  const careful =
    failures >= FAILURES_BEFORE_CARE && failed.length > 0
      ? Math.min(first * 2 ** Math.min(failures - FAILURES_BEFORE_CARE, 16), LONGEST_REST_MS)
      : 0;
  return Math.max(careful, ...asked);
}
