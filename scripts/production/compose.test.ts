/** docker-compose.yml without an engine: its schema, what it refers to, and what our processes ask for. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../env.ts";
import { type Compose, findMistakes, interpolate, lint, readCompose } from "./compose.ts";

const FILES = ["docker-compose.yml", "docker-compose.traefik.yml"];
const text = (file: string) => readFileSync(path.join(ROOT, file), "utf8");
const example = Object.keys(
  Object.fromEntries(
    [...text(".env.production.example").matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map((m) => [m[1], true]),
  ),
);

let compose: Compose;
beforeAll(() => {
  compose = readCompose(FILES.map(text));
});

/** The names in `z.object({ NAME: … })` of a module that validates an environment. */
function asked(file: string): string[] {
  return [...text(file).matchAll(/^ {2}([A-Z][A-Z0-9_]+): /gm)].map((match) => match[1] ?? "");
}

describe("docker-compose.yml", () => {
  it("is what the schema of compose files takes, and our rules", async () => {
    for (const file of FILES) expect(await lint(text(file), ROOT)).toEqual([]);
  });

  it("refers to nothing that is not there, alone and with the proxy", () => {
    expect(findMistakes(readCompose([text("docker-compose.yml")]), ROOT)).toEqual([]);
    expect(findMistakes(compose, ROOT)).toEqual([]);
  });

  it("takes no variable that .env.production.example does not explain, and the other way round", () => {
    const used = new Set(FILES.flatMap((file) => interpolate(text(file)).map(({ name }) => name)));
    const ofCompose = new Set(["COMPOSE_FILE", "COMPOSE_PROFILES"]);
    expect([...used].filter((name) => !example.includes(name))).toEqual([]);
    expect(example.filter((name) => !used.has(name) && !ofCompose.has(name))).toEqual([]);
  });

  it.each([
    ["functions", ["functions/_shared/env.ts"]],
    ["worker", ["tasks/env.ts", "scripts/backup/variables.ts"]],
    ["site", ["site/src/lib/env.ts"]],
  ])("gives %s what it asks for, and nothing else", (service, modules) => {
    // Said by the images, or found by itself.
    const own = ["HOST", "PORT", "PATH", "PG_DUMP"];
    const wanted = modules.flatMap(asked).filter((name) => !own.includes(name));
    const given = Object.keys(compose.services[service]?.environment ?? {});
    expect(given.toSorted()).toEqual(wanted.toSorted());
  });
});

describe("a mistake", () => {
  const base = "services:\n  a:\n    image: x:1\n";
  it.each([
    ["an unknown network", `${base}    networks: [nowhere]\n`, "network nowhere"],
    ["an unknown volume", `${base}    volumes: ["gone:/data"]\n`, "volume gone"],
    ["a folder of this machine", `${base}    volumes: ["./data:/data"]\n`, "named volumes only"],
    [
      "an unknown service",
      `${base}    depends_on: { b: { condition: service_started } }\n`,
      "depends on b",
    ],
    [
      "a wait for health without a check",
      `${base}    depends_on: { c: { condition: service_healthy } }\n  c: { image: "y:1" }\n`,
      "no healthcheck",
    ],
    [
      "a circle",
      "services:\n  a: { image: x:1, depends_on: { b: { condition: service_started } } }\n  b: { image: y:1, depends_on: { a: { condition: service_started } } }\n",
      "circle",
    ],
    ["an image without a version", "services:\n  a: { image: x }\n", "version"],
    ["a port of every interface", `${base}    ports: ["5432:5432"]\n`, "interface"],
    [
      "a missing Dockerfile",
      `${base}    build: { context: ., dockerfile: nowhere/Dockerfile }\n`,
      "nowhere/Dockerfile",
    ],
  ])("is found: %s", (_name, yaml, words) => {
    expect(findMistakes(readCompose([yaml]), ROOT).join("\n")).toContain(words);
  });

  it("is found in a key that compose does not know", async () => {
    expect((await lint(`${base}    imagee: y\n`, ROOT)).join("\n")).toContain(
      "additional properties",
    );
  });
});
