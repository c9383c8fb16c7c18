/**
 * Draws previews in a process of their own. Files come from strangers, and a picture of a few bytes can
 * ask for gigabytes: so it may take so much memory and time, may read nothing but its own modules, start
 * nothing, write nothing, and knows none of our environment.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { NOT_DRAWABLE, type Purpose } from "./contract.ts";
import { makeTurns } from "./turns.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const WITHIN_MS = 20_000;
/** What it may take of the processor, should nobody be there any more to stop it. */
const CPU_SECONDS = 30;
/** Nothing that is honest comes near it. macOS does not keep to it. */
const MEMORY_KIB = 1024 * 1024;
/** A preview is far smaller. */
const MAX_PREVIEW_BYTES = 4 * 1024 * 1024;
const AT_ONCE = 2;

const LIMITED = `ulimit -t ${CPU_SECONDS}; ulimit -d ${MEMORY_KIB}; exec "$@"`;
const MAY_READ = ["node_modules", "tasks/previews", "package.json"].map((name) =>
  path.join(ROOT, name),
);
const PROGRAM = [
  process.execPath,
  "--permission",
  "--allow-addons",
  // By which sharp knows its kind of Linux.
  ...[...MAY_READ, "/usr/bin/ldd"].map((name) => `--allow-fs-read=${name}`),
  "--disable-warning=SecurityWarning",
  "--max-old-space-size=256",
  path.join(ROOT, "tasks", "previews", "draw_main.ts"),
];

export type Drawing = {
  readonly source: Readable;
  readonly contentType: string;
  readonly purpose: Purpose;
  /** Gives up at once. */
  readonly signal: AbortSignal;
  /** For all of it. Default 20,000. */
  readonly withinMs?: number;
};

/** A preview as WebP, or why there is none. */
export type Drawn = { readonly preview: Buffer } | { readonly reason: string };

const inTurn = makeTurns(AT_ONCE);

/**
 * Draws a preview of a picture or of a PDF's first page.
 * @throws what the source failed with, or the signal's reason; never because of what the file holds.
 */
export function drawPreview(drawing: Drawing): Promise<Drawn> {
  return inTurn(() => draw(drawing));
}

async function draw(drawing: Drawing): Promise<Drawn> {
  const { source, contentType, purpose, signal, withinMs = WITHIN_MS } = drawing;
  signal.throwIfAborted();
  const child = spawn("/bin/sh", ["-c", LIMITED, "sh", ...PROGRAM, contentType, purpose], {
    cwd: ROOT,
    env: {},
    stdio: ["pipe", "pipe", "pipe"],
    timeout: withinMs,
    killSignal: "SIGKILL",
  });
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  let failure: unknown;
  source.once("error", (error) => {
    failure = error;
    kill();
  });
  // It may have seen enough, or be dead, before it was told everything.
  const told = pipeline(source, child.stdin).catch(() => {});
  const parts: Buffer[] = [];
  let length = 0;
  child.stdout.on("data", (part: Buffer) => {
    length += part.length;
    if (length <= MAX_PREVIEW_BYTES) parts.push(part);
    else kill();
  });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    words = (words + part).slice(0, 1_000);
  });
  try {
    const code = await ended(child);
    await told;
    signal.throwIfAborted();
    if (failure !== undefined) throw failure;
    if (code === 0 && length > 0 && length <= MAX_PREVIEW_BYTES) {
      return { preview: Buffer.concat(parts) };
    }
    return { reason: code === NOT_DRAWABLE ? words : `it took too much and was ended (${code})` };
  } finally {
    signal.removeEventListener("abort", kill);
    source.destroy();
  }
}

function ended(child: ReturnType<typeof spawn>): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
}
