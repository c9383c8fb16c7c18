/**
 * `npm run health-check -- --url https://…/api/healthz --timeout 5`: how an installation is, a line for
 * each check. Ends with 0 when all is well, 1 when something is not or nobody answers: for cron, and for
 * whoever looks after containers.
 */
import { parseArgs } from "node:util";
import { health } from "../functions/_shared/contracts/health.ts";
import { readEnv } from "./env.ts";

const USAGE = "usage: health_check.ts [--url <address of /healthz>] [--timeout <seconds>]";

type Outcome = { readonly lines: string[]; readonly well: boolean };

/** Asks; never throws. */
async function look(url: string, seconds: number): Promise<Outcome> {
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(seconds * 1_000),
    });
    const parsed = health.safeParse(await response.json().catch(() => undefined));
    if (!parsed.success) {
      return {
        lines: [`down     ${url} answers ${response.status}, and not as Kontor`],
        well: false,
      };
    }
    const { status, version, checks } = parsed.data;
    const lines = Object.entries(checks).map(([name, check]) =>
      [check.status.padEnd(8), name.padEnd(10), `${check.latency_ms} ms`, check.detail]
        .filter((part) => part !== undefined)
        .join(" "),
    );
    return { lines: [...lines, `${status.padEnd(8)} kontor ${version}`], well: status === "ok" };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    const why = late ? `does not answer within ${seconds} s` : "cannot be reached";
    return { lines: [`down     ${url} ${why}`], well: false };
  }
}

async function main(): Promise<number> {
  let values: { url?: string | undefined; timeout?: string | undefined };
  try {
    ({ values } = parseArgs({ options: { url: { type: "string" }, timeout: { type: "string" } } }));
  } catch {
    console.error(USAGE);
    return 1;
  }
  const url = values.url ?? `http://127.0.0.1:${readEnv().PORTAL_PORT}/api/healthz`;
  const seconds = Number(values.timeout ?? 5);
  if (!URL.canParse(url) || !(seconds > 0 && seconds <= 3_600)) {
    console.error(USAGE);
    return 1;
  }
  const { lines, well } = await look(url, seconds);
  console.log(lines.join("\n"));
  return well ? 0 : 1;
}

process.exitCode = await main();
