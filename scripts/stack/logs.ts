/** One log file per part, `.data/logs/<part>.log`; a big one is set aside when the stack starts. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from "node:fs";
import path from "node:path";

const ROTATE_AT_BYTES = 5 * 1024 * 1024;
const rotated = new Set<string>();

/** The part's log file; the first time it is asked for, one larger than 5 MiB becomes `<part>.log.1`. */
export function logFile(dataDir: string, part: string): string {
  const folder = path.join(dataDir, "logs");
  const file = path.join(folder, `${part}.log`);
  if (!rotated.has(file)) {
    rotated.add(file);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (existsSync(file) && statSync(file).size > ROTATE_AT_BYTES) renameSync(file, `${file}.1`);
  }
  return file;
}

/** Appends a line. A log that cannot be written (a full disk) never stops what is being logged. */
export function appendLog(dataDir: string, part: string, text: string): void {
  try {
    const file = logFile(dataDir, part);
    appendFileSync(file, text.endsWith("\n") ? text : `${text}\n`, { mode: 0o600 });
  } catch {
    // Nowhere left to say it.
  }
}

/** Where the log ends now, in bytes; for tailSince. */
export function logEnd(dataDir: string, part: string): number {
  const file = logFile(dataDir, part);
  return existsSync(file) ? statSync(file).size : 0;
}

/** What the part wrote after a position of logEnd, at most the last 16 KiB. */
export function tailSince(dataDir: string, part: string, start: number): string {
  const file = logFile(dataDir, part);
  if (!existsSync(file)) return "";
  const end = statSync(file).size;
  const from = Math.max(start, end - 16 * 1024);
  if (end <= from) return "";
  const buffer = Buffer.alloc(end - from);
  const fd = openSync(file, "r");
  try {
    readSync(fd, buffer, 0, buffer.length, from);
  } finally {
    closeSync(fd);
  }
  return buffer.toString("utf8");
}
