/** Starts what replay_images.ts has made, with a running stack around it, and asks it how it is. */
import type { ChildProcess } from "node:child_process";
import { readEnv } from "../env.ts";
import { freePublicPorts } from "../stack/ports.ts";
import { loadSecrets } from "../stack/secrets.ts";
import { freshEnv, spawnStack } from "../stack/spawn_stack.ts";
import { readStackFile } from "../stack/stack_file.ts";
import { complete } from "./generate_env.ts";
import { type Env, expectEnd, expectOk, type Say, startImage, stop } from "./replay_programs.ts";

const json = { "content-type": "application/json" };

/** What somebody would try first: health, signing in, a list of orders, a page. */
async function tryOut(functions: string, portal: string, say: Say): Promise<void> {
  const report: { status: string; checks: unknown } = JSON.parse(
    await expectOk("functions: healthz", `${functions}/healthz`, {}, say),
  );
  if (report.status === "down") throw new Error(JSON.stringify(report.checks));
  const signedIn: { session: { access_token: string } } = JSON.parse(
    await expectOk(
      "site → functions → auth: sign-in",
      `${portal}/api/auth/signin`,
      {
        method: "POST",
        headers: { ...json, origin: portal },
        body: JSON.stringify({ email: "owner@acme.test", password: "kontor-demo" }),
      },
      say,
    ),
  );
  const headers = { authorization: `Bearer ${signedIn.session.access_token}` };
  await expectOk(
    "site → functions → database: orders",
    `${portal}/api/orders?limit=2`,
    { headers },
    say,
  );
  await expectOk("site: the page to sign in", `${portal}/signin`, {}, say);
}

/** @param folders by image: the files of its last stage. */
export async function startImages(folders: Readonly<Record<string, string>>, say: Say) {
  const stack = spawnStack(await freshEnv());
  const running: ChildProcess[] = [];
  try {
    await stack.ready();
    say("a stack to start them against is ready");
    const { portal_url, api_url, anon_key, database_url, s3 } = readStackFile(stack.stackFile);
    const secrets = await loadSecrets(stack.dataDir, readEnv({ ...stack.env }));
    const as = (login: "kontor_functions" | "kontor_worker") => {
      const url = new URL(database_url);
      url.username = login;
      url.password = secrets.databasePasswords[login];
      return url.href;
    };
    const [functionsPort = "", sitePort = "", workerPort = "", metricsPort = ""] = Object.values(
      await freePublicPorts(),
    );
    const portal = `http://127.0.0.1:${sitePort}`;
    const functions = `http://127.0.0.1:${functionsPort}/functions/v1`;
    const store: Env = {
      S3_ENDPOINT: s3.endpoint,
      S3_REGION: s3.region,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.access_key_id,
      S3_SECRET_ACCESS_KEY: s3.secret_access_key,
    };
    const shared: Env = {
      HOST: "127.0.0.1",
      PORTAL_URL: portal,
      JWT_SECRET: secrets.jwtSecret,
      WEBHOOK_KEY: secrets.webhookKey,
      ...store,
    };

    if (folders.tasks) {
      const told: Env = {
        PORTAL_URL: "https://app.trader.eu",
        API_URL: "https://api.trader.eu",
        SMTP_HOST: "smtp.trader.eu",
        SMTP_PORT: "587",
        MAIL_FROM: "no-reply@trader.eu",
      };
      const { tasks } = folders;
      const good = { code: 0, words: /complete/ };
      const settings = { ...told, ...complete(told) };
      await expectEnd(tasks, ["scripts/production/check_settings.ts"], settings, good, say);
      await expectEnd(
        tasks,
        ["scripts/production/migrate.ts"],
        {
          ...store,
          DATABASE_URL: database_url,
          FUNCTIONS_DB_PASSWORD: secrets.databasePasswords.kontor_functions,
          WORKER_DB_PASSWORD: secrets.databasePasswords.kontor_worker,
        },
        { code: 0, words: /up to date/ },
        say,
      );
      const database = { ...store, BACKUP_DATABASE_URL: database_url };
      await expectEnd(
        tasks,
        ["scripts/backup/restore.ts", "list"],
        database,
        { code: 0, words: /no backups/ },
        say,
      );
      await expectEnd(
        tasks,
        ["scripts/audit/verify.ts"],
        { ...database, DATABASE_URL: database_url },
        { code: 0, words: /./ },
        say,
      );
      // Nobody is named who could open a backup: so there is none, and nothing is upgraded.
      const refused = { code: 1, words: /no backup.*BACKUP_RECIPIENT/s };
      await expectEnd(tasks, ["scripts/backup/backup.ts"], database, refused, say);
      await expectEnd(
        tasks,
        ["scripts/production/upgrade.ts"],
        { ...database, FUNCTIONS_URL: `${api_url}/functions/v1`, JWT_SECRET: secrets.jwtSecret },
        refused,
        say,
      );
      const worker = await startImage(
        "tasks",
        tasks,
        {
          ...shared,
          PORT: workerPort,
          DATABASE_URL: as("kontor_worker"),
          SMTP_URL: "smtp://127.0.0.1:25",
        },
        `http://127.0.0.1:${workerPort}/livez`,
      );
      running.push(worker);
      say("tasks: livez answers");
    }
    if (folders.functions) {
      running.push(
        await startImage(
          "functions",
          folders.functions,
          {
            ...shared,
            PORT: functionsPort,
            METRICS_PORT: metricsPort,
            DATABASE_URL: as("kontor_functions"),
            SUPABASE_URL: api_url,
            SUPABASE_ANON_KEY: anon_key,
            WORKER_URL: `http://127.0.0.1:${workerPort}`,
          },
          `${functions}/livez`,
        ),
      );
      say("functions: livez answers");
    }
    if (folders.site && folders.functions) {
      running.push(
        await startImage(
          "site",
          folders.site,
          {
            HOST: "127.0.0.1",
            PORT: sitePort,
            PORTAL_URL: portal,
            STORAGE_URL: new URL(api_url).origin,
            FUNCTIONS_URL: new URL(functions).origin,
            TRUSTED_PROXIES: "loopback",
          },
          `${portal}/favicon.svg`,
        ),
      );
      await tryOut(functions, portal, say);
    }
    for (const child of running.splice(0)) {
      const code = await stop(child);
      if (code !== 0) throw new Error(`${child.spawnargs.at(-1)} ended with ${code} when asked to`);
    }
    say(`all of them ended when asked to; beside them ran the stack at ${portal_url}`);
  } finally {
    for (const child of running) child.kill("SIGKILL");
    await stack.stop();
  }
}
