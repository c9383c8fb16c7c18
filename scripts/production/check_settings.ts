/**
 * The service `settings` of docker-compose.yml: nothing starts before it has ended well. By hand:
 * `node --env-file=.env scripts/production/check_settings.ts`.
 */
import { findFaults } from "./settings.ts";

const faults = findFaults(process.env);
if (faults.length > 0) {
  console.error(
    "Kontor does not start with these settings (.env.production.example explains them):",
  );
  for (const { name, reason } of faults) console.error(`  ${name} ${reason}`);
  process.exitCode = 1;
} else {
  console.log("The settings are complete.");
}
