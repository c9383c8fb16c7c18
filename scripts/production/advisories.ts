/** What the registry knows of faults in the packages that production runs with, asked by `npm audit`. */
import { execFile } from "node:child_process";
import { z } from "zod";

const ASK_AT_MOST_MS = 60_000;

const report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({ severity: z.string(), range: z.string(), fixAvailable: z.unknown() }),
  ),
});

/** Asked for, or why it could not be. */
export type Advisories = { readonly faults: readonly string[] } | { readonly unknown: string };

/** Of npm's answer, what is high or critical, a line each. */
export function readAdvisories(json: string): Advisories {
  try {
    const answer: unknown = JSON.parse(json);
    const parsed = report.safeParse(answer);
    if (!parsed.success) {
      const { message } = z.object({ message: z.string().catch("") }).parse(answer);
      return { unknown: message.split("\n")[0] || "its answer is no report" };
    }
    const grave = Object.entries(parsed.data.vulnerabilities).filter(([, { severity }]) =>
      ["high", "critical"].includes(severity),
    );
    return {
      faults: grave.map(
        ([name, { severity, range, fixAvailable }]) =>
          `${name} ${range}: ${severity}, ${fixAvailable ? "mended in a newer version" : "not mended yet"}`,
      ),
    };
  } catch {
    return { unknown: "it did not answer" };
  }
}

/** Asks the registry; without one, or offline, says that it could not. */
export async function askAdvisories(root: string): Promise<Advisories> {
  const json = await new Promise<string>((resolve) => {
    execFile(
      "npm",
      ["audit", "--omit=dev", "--json", "--fetch-retries=0"],
      { cwd: root, timeout: ASK_AT_MOST_MS, maxBuffer: 64 * 1024 ** 2 },
      // It ends with an error when it has found something, too.
      (_error, stdout) => resolve(stdout),
    );
  });
  return readAdvisories(json);
}
