/** Runs the supabase CLI against a database: offline, silent about itself, no password in argv. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "../env.ts";
import { splitPassword } from "./split_password.ts";

export type CliResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

const WRAPPER = path.join(ROOT, "node_modules", "supabase", "dist", "supabase.js");
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Runs one command of the CLI; `databaseUrl` supplies PGPASSWORD, `args` name the database by
 * `splitPassword(databaseUrl).url`.
 * @param workdir the folder that holds `supabase/`; the repository's root when left out.
 * @throws Error when the CLI cannot be run at all; a failed command is a code other than 0.
 */
export async function supabase(
  args: readonly string[],
  databaseUrl: string,
  workdir: string = ROOT,
): Promise<CliResult> {
  // It keeps a device id and the like in its home: one that goes away again.
  const home = await mkdtemp(path.join(tmpdir(), "kontor-cli-"));
  const { hostname, searchParams } = new URL(databaseUrl);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [WRAPPER, ...args, "--yes", "--workdir", workdir], {
        cwd: workdir,
        env: {
          PATH: "/usr/bin:/bin",
          HOME: home,
          SUPABASE_HOME: home,
          PGPASSWORD: splitPassword(databaseUrl).password,
          // The embedded server speaks no TLS, and the CLI would warn about it each time.
          ...(LOOPBACK.has(hostname) && !searchParams.has("sslmode")
            ? { PGSSLMODE: "disable" }
            : {}),
          DO_NOT_TRACK: "1",
          SUPABASE_TELEMETRY_DISABLED: "1",
          SUPABASE_NO_UPDATE_NOTIFIER: "1",
          SUPABASE_NO_KEYRING: "1",
          NO_COLOR: "1",
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const out = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out.stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        out.stderr += text;
      });
      child.once("error", (error) =>
        reject(new Error(`the supabase CLI cannot be run: ${error.message}`)),
      );
      child.once("close", (code) => resolve({ code: code ?? 1, ...out }));
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
