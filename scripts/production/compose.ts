/** Reads compose files as far as that goes without an engine, and finds what does not fit together. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";

const strings = z.array(z.string());
const named = z
  .record(
    z.string(),
    z.unknown().transform((value) => value ?? {}),
  )
  .default({});
const port = z.union([z.string(), z.object({ host_ip: z.string().optional() }).loose()]);

const service = z
  .object({
    image: z.string().optional(),
    build: z.object({ context: z.string(), dockerfile: z.string() }).loose().optional(),
    depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
    networks: z
      .union([strings, z.record(z.string(), z.unknown()).transform((map) => Object.keys(map))])
      .default([]),
    network_mode: z.string().optional(),
    volumes: strings.default([]),
    configs: z.array(z.object({ source: z.string() }).loose()).default([]),
    env_file: strings.default([]),
    ports: z.array(port).default([]),
    environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
    healthcheck: z
      .object({ test: z.array(z.string()) })
      .loose()
      .optional(),
    profiles: strings.default([]),
    restart: z.string().optional(),
    security_opt: strings.default([]),
    cap_drop: strings.default([]),
    read_only: z.boolean().optional(),
    deploy: z
      .object({ resources: z.object({ limits: z.record(z.string(), z.string()) }) })
      .optional(),
  })
  .loose();

const file = z
  .object({
    services: z.record(z.string(), service),
    networks: named,
    volumes: named,
    configs: named,
  })
  .loose();

export type Compose = z.infer<typeof file>;

/** One file, or a file and those laid over it (services of other names only). */
export function readCompose(texts: readonly string[]): Compose {
  const files = texts.map((text) => file.parse(parse(text, { merge: true })));
  return {
    services: Object.assign({}, ...files.map(({ services }) => services)),
    networks: Object.assign({}, ...files.map(({ networks }) => networks)),
    volumes: Object.assign({}, ...files.map(({ volumes }) => volumes)),
    configs: Object.assign({}, ...files.map(({ configs }) => configs)),
  };
}

export type Variable = { readonly name: string; readonly required: boolean };

/**
 * The variables that compose fills in; `$$` is a dollar.
 * @throws Error for a form that compose does not know, or that not every compose does (a `${` within).
 */
export function interpolate(text: string): Variable[] {
  return [...text.replaceAll("$$", "").matchAll(/\$(\{[^}]*\}?|\w*)/g)].map(([whole]) => {
    const [, name, sign, rest = ""] =
      /^\$\{([A-Z][A-Z0-9_]*)(?:(:-|:\?)([^}]*))?\}$/.exec(whole) ?? [];
    if (name === undefined || rest.includes("${")) throw new Error(`${whole} is not interpolated`);
    return { name, required: sign === ":?" };
  });
}

function circle(compose: Compose): string | undefined {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): string | undefined => {
    if (way.includes(name)) return [...way, name].join(" → ");
    if (done.has(name)) return undefined;
    for (const next of Object.keys(compose.services[name]?.depends_on ?? {})) {
      const found = visit(next, [...way, name]);
      if (found) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of Object.keys(compose.services)) {
    const found = visit(name, []);
    if (found) return found;
  }
  return undefined;
}

function referencesOf(name: string, compose: Compose): string[] {
  const own = compose.services[name];
  if (!own) return [];
  const faults: string[] = [];
  for (const network of own.networks) {
    if (!(network in compose.networks)) faults.push(`there is no network ${network}`);
  }
  for (const volume of own.volumes) {
    const [source = ""] = volume.split(":");
    if (/^[./~]/.test(source)) faults.push(`${source}: named volumes only`);
    else if (!(source in compose.volumes)) faults.push(`there is no volume ${source}`);
  }
  for (const { source } of own.configs) {
    if (!(source in compose.configs)) faults.push(`there is no config ${source}`);
  }
  for (const [other, { condition }] of Object.entries(own.depends_on)) {
    const target = compose.services[other];
    if (!target) faults.push(`depends on ${other}, which is not there`);
    else if (condition === "service_healthy" && !target.healthcheck) {
      faults.push(`waits for ${other} to be healthy, which has no healthcheck`);
    } else if (
      condition === "service_completed_successfully" &&
      target.restart === "unless-stopped"
    ) {
      faults.push(`waits for ${other} to end, which never does`);
    } else if (target.profiles.some((profile) => !own.profiles.includes(profile))) {
      faults.push(`depends on ${other}, which only a profile starts`);
    }
  }
  return faults;
}

/** Everything that does not fit, a line each. */
export function findMistakes(compose: Compose, root: string): string[] {
  const faults: string[] = [];
  for (const [name, own] of Object.entries(compose.services)) {
    const say = (fault: string) => faults.push(`${name}: ${fault}`);
    referencesOf(name, compose).forEach(say);
    if (!/:[^/]+$/.test(own.image ?? "")) say(`${own.image} has no version`);
    for (const entry of own.ports) {
      const bound = typeof entry === "string" ? entry.split(":").length === 3 : entry.host_ip;
      if (!bound) say("a port without the interface it listens on");
    }
    const files = [...own.env_file, ...(own.build ? [own.build.dockerfile] : [])];
    for (const needed of files) {
      if (!existsSync(path.join(root, needed))) say(`${needed} does not exist`);
    }
  }
  const round = circle(compose);
  if (round) faults.push(`a circle of dependencies: ${round}`);
  return faults;
}

const report = z.array(
  z.object({
    messages: z.array(z.object({ line: z.number(), message: z.string(), rule: z.string() })),
  }),
);

/** What dclint finds: the schema of compose files, and its rules as .dclintrc.yaml sets them. */
export async function lint(text: string, root: string): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "kontor-compose-"));
  try {
    const copy = path.join(folder, "docker-compose.yml");
    await writeFile(copy, text);
    const program = path.join(root, "node_modules", "dclint", "bin", "dclint.cjs");
    const rules = path.join(root, ".dclintrc.yaml");
    const args = [program, "--config", rules, "--formatter", "json", copy];
    const { stdout } = await promisify(execFile)(process.execPath, args).catch((error: unknown) =>
      z.object({ stdout: z.string() }).parse(error),
    );
    return report
      .parse(JSON.parse(stdout))
      .flatMap(({ messages }) => messages.map(({ line, message }) => `line ${line}: ${message}`));
  } finally {
    await rm(folder, { recursive: true });
  }
}
