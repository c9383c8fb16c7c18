/**
 * Errors that nobody expected, told to Sentry or GlitchTip. Everything here does nothing, and loads
 * nothing, until `startReporting` was given a DSN.
 */
import { currentTraceId } from "./tracing.ts";
import type { TelemetrySettings } from "./variables.ts";

/** What goes along with an error: names and ids of ours, never what somebody sent. */
export type Occasion = {
  readonly request_id?: string | undefined;
  readonly route?: string | undefined;
  readonly method?: string | undefined;
  readonly task?: string | undefined;
  readonly job_id?: string | undefined;
};

/** What the SDK does for us; see reporting_sdk.ts. */
export type Reporter = {
  report(error: unknown, tags: Readonly<Record<string, string>>): void;
  stop(): Promise<void>;
};

let reporter: Reporter | undefined;

/** Begins to report when the settings say where to. `part` goes along as a tag. */
export async function startReporting(
  part: string,
  version: string,
  { SENTRY_DSN: dsn, SENTRY_ENVIRONMENT: environment }: TelemetrySettings,
): Promise<void> {
  if (dsn === undefined) return;
  const { openReporter } = await import("./reporting_sdk.ts");
  reporter = openReporter({ part, version, dsn, environment });
}

/** Reports an error. Never throws, never waits. */
export function reportError(error: unknown, occasion: Occasion): void {
  if (reporter === undefined) return;
  const told = { ...occasion, trace_id: currentTraceId() };
  const tags = Object.entries(told).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]]
  );
  reporter.report(error, Object.fromEntries(tags));
}

/** Sends what is left. */
export async function stopReporting(): Promise<void> {
  await reporter?.stop();
}
