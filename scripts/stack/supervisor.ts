/** Starts parts in the order of their needs, restarts what dies, stops all in reverse order. */
import { setTimeout as sleep } from "node:timers/promises";
import { explain, StackError } from "./errors.ts";
import { logEnd, tailSince } from "./logs.ts";
import type { Part } from "./part.ts";

const PROBE_EVERY_MS = 40;
const START_WITHIN_MS = 120_000;
/** On two busy cores a normal start takes ten. */
const SLOW_AFTER_MS = 20_000;
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 30_000;
/** Healthy for this long, and the next death counts as the first again. */
const CALM_AFTER_MS = 60_000;

type State = "idle" | "starting" | "healthy" | "down" | "stopped";
type Entry = {
  part: Part;
  state: State;
  backoffMs: number;
  healthySince: number;
  /** Why it died while starting. */
  died: string | undefined;
  ready: Promise<void> | undefined;
};

/** Holds the parts of one stack, each in one state at a time. */
export class Supervisor {
  readonly #entries = new Map<string, Entry>();
  readonly #dataDir: string;
  readonly #say: (part: string, text: string) => void;
  #stopping = false;
  #wake = new AbortController();

  /** @param say prints a line of progress about a part. */
  constructor(parts: readonly Part[], dataDir: string, say: (part: string, text: string) => void) {
    this.#dataDir = dataDir;
    this.#say = say;
    for (const part of parts) {
      const entry: Entry = {
        part,
        state: "idle",
        backoffMs: FIRST_BACKOFF_MS,
        healthySince: 0,
        died: undefined,
        ready: undefined,
      };
      this.#entries.set(part.name, entry);
      part.onExit?.((reason) => this.#exited(entry, reason));
    }
  }

  /** The parts that run now. */
  parts(): Part[] {
    return [...this.#entries.values()].map(({ part }) => part);
  }

  /**
   * Starts these parts, each as soon as what it needs is healthy; resolves when all are.
   * @throws StackError naming the part that did not come up and why.
   */
  async start(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.whenHealthy(name)));
  }

  /** Starts a part and what it needs, once; a part that is not in this stack counts as healthy. */
  whenHealthy(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (!entry) return Promise.resolve();
    entry.ready ??= this.#startWithNeeds(entry);
    return entry.ready;
  }

  async #startWithNeeds(entry: Entry): Promise<void> {
    await Promise.all(entry.part.needs.map((need) => this.whenHealthy(need)));
    if (this.#stopping) throw new StackError("stopped");
    const began = performance.now();
    await this.#startOnce(entry);
    this.#say(entry.part.name, `ready in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }

  /** One attempt: launch, then probe until healthy, dead or too late. */
  async #startOnce(entry: Entry): Promise<void> {
    const { part } = entry;
    const logStart = logEnd(this.#dataDir, part.name);
    entry.state = "starting";
    entry.died = undefined;
    let told = false;
    try {
      await part.start(); // the portal's waits for its build
      const began = performance.now();
      while (!(await part.healthy())) {
        if (this.#stopping) throw new StackError("stopped");
        if (entry.died !== undefined) throw new StackError(this.#autopsy(entry, logStart));
        const waited = performance.now() - began;
        if (waited > START_WITHIN_MS) {
          throw new StackError(`${part.name} does not answer; see ${this.#logName(part)}`);
        }
        if (waited > SLOW_AFTER_MS && !told) {
          told = true;
          this.#say(part.name, `is taking long; see ${this.#logName(part)}`);
        }
        await sleep(PROBE_EVERY_MS);
      }
      if (entry.died !== undefined) throw new StackError(this.#autopsy(entry, logStart));
    } catch (error) {
      entry.state = "down";
      await part.stop().catch(() => {});
      throw error;
    }
    entry.state = "healthy";
    entry.healthySince = performance.now();
  }

  #logName(part: Part): string {
    return `${this.#dataDir}/logs/${part.name}.log`;
  }

  #autopsy(entry: Entry, logStart: number): string {
    const tail = tailSince(this.#dataDir, entry.part.name, logStart);
    if (/No space left on device/.test(tail)) {
      return `${entry.part.name}: the disk is full; make room and start again, nothing is lost`;
    }
    const lines = tail.trim().split("\n");
    const first = lines.findIndex((line) => /error|fatal/i.test(line));
    const shown = (first < 0 ? lines.slice(-6) : lines.slice(first, first + 6)).join("\n  ");
    return `${entry.part.name} died while starting (${entry.died}); its log says:\n  ${shown}`;
  }

  #exited(entry: Entry, reason: string): void {
    if (this.#stopping) return;
    if (entry.state === "starting") {
      entry.died = reason;
      return;
    }
    if (entry.state !== "healthy") return;
    if (performance.now() - entry.healthySince > CALM_AFTER_MS) entry.backoffMs = FIRST_BACKOFF_MS;
    entry.state = "down";
    void this.#restart(entry, `died (${reason})`);
  }

  async #restart(entry: Entry, why: string): Promise<void> {
    const { part } = entry;
    let reason = why;
    while (!this.#stopping) {
      const delay = entry.backoffMs;
      entry.backoffMs = Math.min(entry.backoffMs * 2, LONGEST_BACKOFF_MS);
      this.#say(part.name, `${reason}; starting it again in ${delay / 1000} s`);
      await sleep(delay, undefined, { signal: this.#wake.signal }).catch(() => {});
      if (this.#stopping) return;
      try {
        await this.#startOnce(entry);
        this.#say(part.name, "is back");
        return;
      } catch (error) {
        reason = `did not come up: ${explain(error)}`;
      }
    }
  }

  /** Stops everything: first what nothing else needs, last what all need. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake.abort();
    const left = new Set(this.#entries.values());
    while (left.size > 0) {
      const unneeded = [...left].filter(
        ({ part }) => ![...left].some((other) => other.part.needs.includes(part.name)),
      );
      // Needs that go round in circles are a mistake, but not one to hang on.
      const now = unneeded.length > 0 ? unneeded : [...left];
      await Promise.all(
        now.map(async (entry) => {
          left.delete(entry);
          entry.state = "stopped";
          await entry.part.stop().catch(() => {});
        }),
      );
    }
  }
}
