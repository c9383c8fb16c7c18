/**
 * Reporting by the core of Sentry's own SDK, which every SDK of theirs is made of. It alone watches
 * nothing and collects nothing by itself (no requests, headers, breadcrumbs, names of machines), runs on
 * Node and Deno alike, and is a fifth of @sentry/node's size.
 */
import { createStackParser, createTransport, type ErrorEvent, Scope } from "@sentry/core";
import { nodeStackLineParser, ServerRuntimeClient } from "@sentry/core/server";
import type { Reporter } from "./reporting.ts";
import { scrub } from "./scrub.ts";

const STOP_WITHIN_MS = 2_000;
/** The words of an error may hold a whole body; what is taken out of them is looked for in so much. */
const WORDS_AT_MOST = 2_000;

type Settings = {
  readonly part: string;
  readonly version: string;
  readonly dsn: string;
  readonly environment: string;
};

/** Opens the connection to where errors are reported. */
export function openReporter({ part, version, dsn, environment }: Settings): Reporter {
  const client = new ServerRuntimeClient({
    dsn,
    environment,
    release: `kontor@${version}`,
    platform: "javascript",
    serverName: part,
    integrations: [],
    stackParser: createStackParser(nodeStackLineParser()),
    sendDefaultPii: false,
    maxBreadcrumbs: 0,
    maxValueLength: WORDS_AT_MOST,
    beforeSend: scrubbed,
    transport: (options) =>
      createTransport(options, async ({ body }) => {
        const response = await fetch(options.url, {
          method: "POST",
          body: typeof body === "string" ? body : new Uint8Array(body),
          headers: options.headers ?? {},
        });
        await response.body?.cancel();
        return {
          statusCode: response.status,
          headers: {
            "x-sentry-rate-limits": response.headers.get("x-sentry-rate-limits"),
            "retry-after": response.headers.get("retry-after"),
          },
        };
      }),
  });
  client.init();
  return {
    report(error, tags) {
      const scope = new Scope();
      scope.setTags({ part, ...tags });
      client.captureException(error, {}, scope);
    },
    async stop() {
      await client.close(STOP_WITHIN_MS);
    },
  };
}

/** Keeps what an error is and where it came from; of its words what says nothing about anybody. */
function scrubbed(event: ErrorEvent): ErrorEvent {
  delete event.user;
  delete event.request;
  delete event.breadcrumbs;
  delete event.extra;
  if (event.message !== undefined) event.message = scrub(event.message);
  for (const exception of event.exception?.values ?? []) {
    if (exception.value !== undefined) exception.value = scrub(exception.value);
    for (const frame of exception.stacktrace?.frames ?? []) delete frame.vars;
  }
  return event;
}
