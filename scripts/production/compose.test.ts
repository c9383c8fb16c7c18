/** docker-compose.yml without an engine: it holds together, and a mistake of each kind is found. */
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../env.ts";
import { findMistakes, lint, readCompose } from "./compose.ts";
import { type Deployment, deploymentFaults, readDeployment } from "./compose_faults.ts";

let deployment: Deployment;
beforeAll(() => {
  deployment = readDeployment(ROOT);
});

describe("docker-compose.yml", () => {
  it("is what the schema of compose files takes, and our rules", async () => {
    expect(await lint(deployment.compose, ROOT)).toEqual([]);
    expect(await lint(deployment.traefik, ROOT)).toEqual([]);
  });

  it("refers to nothing that is not there, and gives each program what it asks for", () => {
    expect(deploymentFaults(deployment, ROOT)).toEqual([]);
  });
});

describe("a mistake planted in the files themselves is found", () => {
  it.each<[string, keyof Deployment, string, string, string]>([
    ["a network", "compose", "networks: [edge, internal]", "networks: [edge, inernal]", "inernal"],
    ["a volume", "compose", "- storage-data:/var", "- storage-date:/var", "volume storage-date"],
    [
      "a config",
      "traefik",
      "source: traefik-routes",
      "source: traefik-route",
      "config traefik-route",
    ],
    ["a dependency", "compose", "      meta: {", "      mate: {", "depends on mate"],
    [
      "a dependency on what a profile starts",
      "compose",
      "      db: { condition: service_healthy }",
      "      minio: { condition: service_healthy }",
      "which only a profile starts",
    ],
    [
      "a wait for health without a check",
      "compose",
      "meta: { condition: service_started }",
      "meta: { condition: service_healthy }",
      "has no healthcheck",
    ],
    [
      "a circle",
      "compose",
      "      settings: { condition: service_completed_successfully }",
      "      migrate: { condition: service_completed_successfully }",
      "circle",
    ],
    ["an image without a version", "compose", "gotenberg:8.36.0", "gotenberg", "has no version"],
    ["a missing file", "compose", "gateway/Dockerfile", "gatewy/Dockerfile", "does not exist"],
    ["a port on every interface", "compose", "host_ip: 127.0.0.1, ", "", "the interface"],
    [
      "a variable that nothing explains",
      "compose",
      "WORKER_CONCURRENCY:-10",
      "WORKER_CONCURENCY:-10",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as compose writes it
      "${WORKER_CONCURENCY} is not explained",
    ],
    [
      "a variable that nothing takes",
      "example",
      "PDF_CONCURRENCY=",
      "PDF_CONCURENCY=",
      "nothing takes",
    ],
    [
      "a variable that is not given",
      "compose",
      "      SUPABASE_URL: http://gateway:8000\n",
      "",
      "functions: is not given SUPABASE_URL",
    ],
    [
      "a variable that is not asked for",
      "compose",
      "      STORAGE_URL:",
      "      STORAGE_URI: x\n      STORAGE_URL:",
      "does not ask for STORAGE_URI",
    ],
    [
      "another secret for tokens in one service",
      "compose",
      "PGRST_JWT_SECRET: ${JWT_SECRET:",
      "PGRST_JWT_SECRET: ${POSTGRES_PASSWORD:",
      "rest: PGRST_JWT_SECRET is not",
    ],
  ])("%s", (_kind, file, right, wrong, words) => {
    expect(deployment[file]).toContain(right);
    const planted = { ...deployment, [file]: deployment[file].replace(right, wrong) };
    expect(deploymentFaults(planted, ROOT).join("\n")).toContain(words);
  });

  it("a form that compose does not fill in", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as compose writes it
    const planted = { ...deployment, compose: `${deployment.compose}\n# ${"${A:-${B}}"}` };
    expect(() => deploymentFaults(planted, ROOT)).toThrow("is not interpolated");
  });

  it("a folder of this machine", () => {
    const text = 'services:\n  a:\n    image: x:1\n    volumes: ["./data:/data"]\n';
    expect(findMistakes(readCompose([text]), ROOT).join()).toContain("named volumes only");
  });

  it("a key that compose does not know, by dclint", async () => {
    const planted = deployment.compose.replace("    image: postgrest", "    imagee: postgrest");
    expect((await lint(planted, ROOT)).join("\n")).toContain("additional properties");
  });
});
