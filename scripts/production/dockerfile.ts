/** Reads Dockerfiles, as far as ours go: no shell form of COPY, no ADD, no ARG. */
import path from "node:path";
import { z } from "zod";

export type Step = { readonly verb: string; readonly args: string };
export type Stage = {
  readonly base: string;
  readonly name: string;
  readonly steps: readonly Step[];
};

/** The stages of a Dockerfile. */
export function stagesOf(text: string): Stage[] {
  const lines = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replace(/\\\n\s*/g, "");
  return lines
    .split(/^FROM /m)
    .slice(1)
    .map((block, index) => {
      const [first = "", ...rest] = block.trim().split("\n");
      const [, base = "", name = String(index)] =
        /^(?:--\S+ )*(\S+)(?: AS (\w+))?$/.exec(first) ?? [];
      const steps = rest.flatMap((line) => {
        const [, verb, args] = /^([A-Z]+) (?:--(?!from)\S+ )*(.*)$/.exec(line) ?? [];
        return verb && args ? [{ verb, args }] : [];
      });
      return { base, name, steps };
    });
}

/** What .dockerignore lets through: `!` lets in, a later line takes out again. */
export function createFilter(text: string): (file: string) => boolean {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const rules = lines.map((line) => ({
    takes: !line.startsWith("!"),
    pattern: line.replace(/^!/, ""),
  }));
  const covers = (pattern: string, file: string) =>
    path.matchesGlob(file, pattern) || path.matchesGlob(file, `${pattern}/**`);
  return (file) => {
    let ignored = false;
    for (const { takes, pattern } of rules) if (covers(pattern, file)) ignored = takes;
    return !ignored;
  };
}

/** What an image's last stage sets and starts. */
export function startOf(text: string): { env: Record<string, string>; command: string[] } {
  const steps = stagesOf(text).at(-1)?.steps ?? [];
  const env = Object.fromEntries(
    steps
      .filter(({ verb }) => verb === "ENV")
      .flatMap(({ args }) => args.split(/ +/).map((pair) => pair.split("=")))
      .map(([name = "", value = ""]) => [name, value]),
  );
  const command = steps.find(({ verb }) => verb === "CMD")?.args ?? "[]";
  return { env, command: z.array(z.string()).parse(JSON.parse(command)) };
}
