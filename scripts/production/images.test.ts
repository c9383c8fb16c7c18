/** Our images without an engine: what their programs import lies in what the Dockerfiles copy. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { validate } from "dockerfile-utils";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ROOT } from "../env.ts";
import { readCompose } from "./compose.ts";
import { importGraph } from "./import_graph.ts";
import { neededPackages } from "./prune_modules.ts";

const text = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
const production = z
  .object({ dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(text("package.json"))).dependencies;

/** A Dockerfile's stages: what each copies of the repository, and the arguments of prune_modules.ts. */
function stagesOf(file: string) {
  const joined = text(file).replace(/\\\n\s*/g, "");
  return joined
    .split(/^FROM /m)
    .slice(1)
    .map((stage) => ({
      copied: [...stage.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)].flatMap(
        (match) => match[1]?.split(" ") ?? [],
      ),
      taken: [...stage.matchAll(/^COPY --from=\w+ (\S+) \S+$/gm)].map((match) => match[1] ?? ""),
      pruned: /prune_modules\.ts +(?=\S+\.m?ts)(.*)$/m.exec(stage)?.[1]?.split(/ +/) ?? [],
    }));
}

/** What the builder is not given, of .dockerignore: as far as our patterns go. */
const ignored = text(".dockerignore")
  .split("\n")
  .filter((line) => /^[^#!]/.test(line) && line !== "*");
const given = text(".dockerignore")
  .split("\n")
  .filter((line) => line.startsWith("!"))
  .map((line) => line.slice(1));

function reachesBuilder(file: string): boolean {
  const within = (pattern: string) =>
    path.matchesGlob(file, pattern) || path.matchesGlob(file, `${pattern}/**`);
  return given.some(within) && !ignored.some(within);
}

const DOCKERFILES = [
  "functions/Dockerfile",
  "tasks/Dockerfile",
  "site/Dockerfile",
  "supabase/database/Dockerfile",
  "supabase/gateway/Dockerfile",
  "supabase/pooler/Dockerfile",
  "scripts/production/observability/Dockerfile",
];

describe.each(DOCKERFILES)("%s", (file) => {
  it("is well formed, and copies what there is", () => {
    expect(
      validate(text(file)).map(({ message, range }) => `${range.start.line + 1}: ${message}`),
    ).toEqual([]);
    for (const { copied } of stagesOf(file)) {
      for (const source of copied.filter((name) => !name.includes("*"))) {
        expect(existsSync(path.join(ROOT, source)), source).toBe(true);
        expect(reachesBuilder(source), `${source} in .dockerignore`).toBe(true);
      }
    }
  });

  it("pins what it is built from", () => {
    const images = [...text(file).matchAll(/^FROM (?:--\S+ )?(\S+)/gm)].map(
      (match) => match[1] ?? "",
    );
    const stages = [...text(file).matchAll(/ AS (\w+)$/gm)].map((match) => match[1]);
    for (const image of images.filter((name) => !stages.includes(name))) {
      expect(image).toMatch(/:(v?\d|24-)/);
    }
  });
});

describe.each([
  ["functions/Dockerfile", ["functions/main/index.ts"]],
  [
    "tasks/Dockerfile",
    [
      "tasks/main.ts",
      "tasks/previews/draw_main.ts",
      "scripts/production/migrate.ts",
      "scripts/production/check_settings.ts",
      "scripts/production/check_running.ts",
      "scripts/production/upgrade.ts",
      "scripts/backup/backup.ts",
      "scripts/backup/restore.ts",
      "scripts/audit/verify.ts",
      "scripts/health_check.ts",
    ],
  ],
  ["site/Dockerfile", ["site/server/main.ts"]],
])("the programs of %s", (file, entries) => {
  const graph = importGraph(ROOT, entries);
  const stages = stagesOf(file);

  it("find every file of ours", () => {
    const final = stages.at(-1)?.copied ?? [];
    const missing = [...graph.files].filter(
      (name) =>
        !final.some((source) => name === source || name.startsWith(`${source}/`)) ||
        !reachesBuilder(name),
    );
    expect(missing).toEqual([]);
  });

  it("find every package among the production dependencies", () => {
    expect([...graph.packages].filter((name) => !(name in production))).toEqual([]);
    expect(neededPackages(ROOT, graph.packages).size).toBeGreaterThan(3);
  });

  it("are those that the image's packages are chosen by", () => {
    const pruned = stages.flatMap((stage) => stage.pruned).filter((name) => name !== "");
    expect(pruned).toEqual(expect.arrayContaining(entries));
    for (const name of pruned.filter((arg) => arg.startsWith("+"))) {
      expect(Object.keys(production)).toContain(name.slice(1));
    }
    const ofStage = stages.find((stage) => stage.pruned.length > 0);
    const there = [...(stages[0]?.copied ?? []), ...(ofStage?.copied ?? [])];
    const missing = [...graph.files].filter(
      (name) => !there.some((source) => name === source || name.startsWith(`${source}/`)),
    );
    expect(missing).toEqual([]);
  });
});

it("whatever a service runs with Node is among the programs that its image was made for", () => {
  const { services } = readCompose([text("docker-compose.yml")]);
  const commands = Object.values(services).flatMap(({ build, command }) => {
    const [program, script] = Array.isArray(command) ? command : [];
    return program === "node" && build ? [[build.dockerfile, String(script)] as const] : [];
  });
  expect(commands.length).toBeGreaterThan(3);
  for (const [dockerfile, script] of commands) {
    expect(stagesOf(dockerfile).flatMap(({ pruned }) => pruned)).toContain(script);
  }
});

it("the documents' fonts go into the images that print", () => {
  const fonts = [
    ...text("functions/_shared/documents/fonts.ts").matchAll(/package: "([^"]+)"/g),
  ].map((m) => `+${m[1]}`);
  expect(fonts.length).toBeGreaterThan(3);
  for (const file of ["functions/Dockerfile", "tasks/Dockerfile"]) {
    expect(stagesOf(file).flatMap((stage) => stage.pruned)).toEqual(expect.arrayContaining(fonts));
  }
});
