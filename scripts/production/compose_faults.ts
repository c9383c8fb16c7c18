/** What can be wrong between the compose files, the example of their variables and our programs. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { findMistakes, interpolate, readCompose } from "./compose.ts";

/** The texts that have to fit one another. */
export type Deployment = {
  readonly compose: string;
  /** Laid over it where a machine has no proxy. */
  readonly traefik: string;
  /** .env.production.example */
  readonly example: string;
};

/** The files of a deployment, by their names. */
export const FILES: Readonly<Record<keyof Deployment, string>> = {
  compose: "docker-compose.yml",
  traefik: "docker-compose.traefik.yml",
  example: ".env.production.example",
};

/** Reads them as they are in the repository. */
export function readDeployment(root: string): Deployment {
  const text = (name: keyof Deployment) => readFileSync(path.join(root, FILES[name]), "utf8");
  return { compose: text("compose"), traefik: text("traefik"), example: text("example") };
}

/** Compose itself reads these. */
const OF_COMPOSE = new Set(["COMPOSE_FILE", "COMPOSE_PROFILES"]);

/** Whatever it is called by those who verify tokens: one secret, from one variable. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  JWT_SECRET: [
    "JWT_SECRET",
    "GOTRUE_JWT_SECRET",
    "PGRST_JWT_SECRET",
    "AUTH_JWT_SECRET",
    "API_JWT_SECRET",
    "METRICS_JWT_SECRET",
  ],
  ANON_KEY: ["ANON_KEY", "SUPABASE_ANON_KEY"],
  SERVICE_ROLE_KEY: ["SERVICE_ROLE_KEY", "SERVICE_KEY", "SUPABASE_SERVICE_KEY"],
};

/** The environment that a program's own module asks for, by service. */
const TELEMETRY = "functions/_shared/telemetry/variables.ts";
const ASKED: Readonly<Record<string, readonly string[]>> = {
  functions: ["functions/_shared/env.ts", TELEMETRY],
  worker: ["tasks/env.ts", TELEMETRY, "scripts/backup/variables.ts"],
  site: ["site/src/lib/env.ts", TELEMETRY],
};
/** Said by the images, or found by itself. */
const OWN = new Set(["HOST", "PORT", "PATH", "PG_DUMP"]);

/** The names in `z.object({ NAME: … })` of a module that validates an environment. */
function askedBy(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)]
    .map((match) => match[1] ?? "")
    .filter((name) => !OWN.has(name));
}

function variableFaults({ compose, traefik, example }: Deployment): string[] {
  const used = new Set([compose, traefik].flatMap((text) => interpolate(text).map((v) => v.name)));
  const explained = new Set([...example.matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map((m) => m[1] ?? ""));
  return [
    ...[...used]
      .filter((name) => !explained.has(name))
      .map((name) => `\${${name}} is not explained in ${FILES.example}`),
    ...[...explained]
      .filter((name) => !used.has(name) && !OF_COMPOSE.has(name))
      .map((name) => `${FILES.example} explains ${name}, which nothing takes`),
  ];
}

/** All that does not fit, a line each; what dclint knows is dclint's. */
export function deploymentFaults(deployment: Deployment, root: string): string[] {
  const alone = readCompose([deployment.compose]);
  const both = readCompose([deployment.compose, deployment.traefik]);
  const faults = new Set([...findMistakes(alone, root), ...findMistakes(both, root)]);
  for (const fault of variableFaults(deployment)) faults.add(fault);
  for (const [name, service] of Object.entries(both.services)) {
    for (const [variable, names] of Object.entries(SHARED)) {
      for (const own of names.filter((other) => other in service.environment)) {
        const value = String(service.environment[own]);
        if (new RegExp(`^\\$\\{${variable}[:}]`).test(value)) continue;
        faults.add(`${name}: ${own} is not \${${variable}}, which everybody else takes`);
      }
    }
  }
  for (const [name, modules] of Object.entries(ASKED)) {
    const asked = new Set(modules.flatMap((file) => askedBy(path.join(root, file))));
    const given = new Set(Object.keys(both.services[name]?.environment ?? {}));
    for (const variable of asked) {
      if (!given.has(variable)) faults.add(`${name}: is not given ${variable}`);
    }
    for (const variable of given) {
      if (!asked.has(variable)) faults.add(`${name}: does not ask for ${variable}`);
    }
  }
  return [...faults];
}
