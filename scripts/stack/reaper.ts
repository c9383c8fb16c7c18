/**
 * A few lines of shell that outlive the launcher: they read from a pipe which processes are the
 * stack's, and when the pipe closes (the launcher is gone, however it went) they stop them. So even
 * `kill -9` of the launcher leaves nothing running.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";

// Lines in: "+ <pid> <signal>" (a process, its group, and how it is asked to stop) and "- <pid>".
const SCRIPT = `
trap '' INT TERM HUP
list=""
while read -r sign pid signal; do
  if [ "$sign" = "+" ]; then
    list="$list $pid:$signal"
  else
    kept=""
    for entry in $list; do [ "\${entry%%:*}" = "$pid" ] || kept="$kept $entry"; done
    list="$kept"
  fi
done
[ -n "$list" ] || exit 0
for entry in $list; do kill -s "\${entry##*:}" -- "-\${entry%%:*}" 2>/dev/null; done
tries=0
while [ $tries -lt 50 ]; do
  left=""
  for entry in $list; do kill -0 -- "-\${entry%%:*}" 2>/dev/null && left="$left $entry"; done
  [ -n "$left" ] || exit 0
  list="$left"
  tries=$((tries + 1))
  sleep 0.1
done
for entry in $list; do
  case "$entry" in
    *:INT) kill -s QUIT -- "-\${entry%%:*}" 2>/dev/null; sleep 2 ;;
  esac
  kill -s KILL -- "-\${entry%%:*}" 2>/dev/null
done
`;

export type StopSignal = "SIGTERM" | "SIGINT";

const watched = new Map<number, StopSignal>();
let reaper: (ChildProcess & { stdin: Writable }) | undefined;

function tell(line: string): void {
  if (!reaper) {
    const started = spawn("sh", ["-c", SCRIPT], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    started.unref();
    // A reaper that was killed is replaced with the next line; a broken pipe must not end the launcher.
    started.stdin.on("error", () => {});
    started.on("exit", () => {
      if (reaper === started) reaper = undefined;
    });
    reaper = started;
    for (const [pid, signal] of watched) started.stdin.write(`+ ${pid} ${signal.slice(3)}\n`);
  }
  reaper.stdin.write(line);
}

/** From now on this process group is stopped when the launcher is gone. */
export function watch(pid: number, signal: StopSignal): void {
  tell(`+ ${pid} ${signal.slice(3)}\n`);
  watched.set(pid, signal);
}

/** The process group ended by itself: its number may soon be somebody else's. */
export function unwatch(pid: number): void {
  if (watched.delete(pid)) tell(`- ${pid}\n`);
}
