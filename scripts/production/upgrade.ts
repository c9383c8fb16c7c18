/**
 * `npm run upgrade`, or `docker compose run --rm upgrade` with the new images built and the old ones still
 * running: backup, migrations, and a look at what came of it. DEPLOYMENT.md has the whole way.
 */
import { z } from "zod";
import { reasonOf } from "../backup/errors.ts";
import { databaseOf, settingsOf } from "../backup/place.ts";
import { runBackup } from "../backup/run.ts";
import { readEnv } from "../env.ts";
import { smokeTest } from "./smoke.ts";
import { upgrade } from "./upgrade_steps.ts";

const own = z.object({
  /** Where the functions answer, /functions/v1 included. */
  FUNCTIONS_URL: z.url(),
  JWT_SECRET: z.string().min(32),
});

try {
  const { JWT_SECRET, FUNCTIONS_URL, ...rest } = process.env;
  const told = own.safeParse({ JWT_SECRET, FUNCTIONS_URL });
  if (!told.success) throw new Error(z.prettifyError(told.error));
  const env = readEnv(rest);
  const databaseUrl = databaseOf(env);
  const say = (line: string) => console.log(line);
  await upgrade({
    databaseUrl,
    say,
    backup: async () => (await runBackup(settingsOf(env), { say })).manifest.id,
    smoke: () =>
      smokeTest({
        functionsUrl: told.data.FUNCTIONS_URL,
        jwtSecret: told.data.JWT_SECRET,
        databaseUrl,
      }),
  });
} catch (error) {
  console.error(`the upgrade did not go through: ${reasonOf(error)}`);
  process.exitCode = 1;
}
