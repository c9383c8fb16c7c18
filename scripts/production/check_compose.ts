/** The compose files, as far as that goes without an engine: dclint, and what has to fit together. */
import path from "node:path";
import { lint } from "./compose.ts";
import { deploymentFaults, FILES, readDeployment } from "./compose_faults.ts";

const root = path.resolve(import.meta.dirname, "../..");
const deployment = readDeployment(root);
const linted = await Promise.all(
  (["compose", "traefik"] as const).map(async (name) =>
    (await lint(deployment[name], root)).map((fault) => `${FILES[name]}: ${fault}`),
  ),
);
const faults = [...linted.flat(), ...deploymentFaults(deployment, root)];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
