/**
 * The service `migrate` of docker-compose.yml: brings the database up to date, sets the passwords of our
 * two logins, and makes the bucket. Everything that waits for it may rely on all three.
 */
import { CreateBucketCommand, HeadBucketCommand, S3ServiceException } from "@aws-sdk/client-s3";
import postgres from "postgres";
import { z } from "zod";
import { openObjectStore } from "../../tasks/s3.ts";
import { migrate } from "../db/migrate.ts";

const password = z.string().regex(/^[A-Za-z0-9_-]{24,}$/, "must be letters, digits, - and _");
const environment = z.object({
  /** As postgres, straight to the database. */
  DATABASE_URL: z.url(),
  FUNCTIONS_DB_PASSWORD: password,
  WORKER_DB_PASSWORD: password,
  S3_ENDPOINT: z.url(),
  S3_REGION: z.string().min(1),
  S3_BUCKET: z.string().min(1),
  S3_ACCESS_KEY_ID: z.string().min(1),
  S3_SECRET_ACCESS_KEY: z.string().min(1),
});

type Environment = z.infer<typeof environment>;

async function setPasswords(env: Environment): Promise<void> {
  const sql = postgres(env.DATABASE_URL, { max: 1, onnotice: () => {} });
  try {
    // Not a parameter in SQL; nothing in it needs escaping, which is checked above.
    await sql.unsafe(`alter role kontor_functions password '${env.FUNCTIONS_DB_PASSWORD}'`);
    await sql.unsafe(`alter role kontor_worker password '${env.WORKER_DB_PASSWORD}'`);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** @returns whether it had to be made. */
async function ensureBucket(env: Environment): Promise<boolean> {
  const { client, bucket: Bucket } = openObjectStore(env);
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
    return false;
  } catch (error) {
    if (!(error instanceof S3ServiceException) || error.$metadata.httpStatusCode !== 404) {
      throw new Error(`the object store does not answer: ${error}`, { cause: error });
    }
    await client.send(new CreateBucketCommand({ Bucket }));
    return true;
  } finally {
    client.destroy();
  }
}

async function main(): Promise<void> {
  const env = environment.parse(process.env);
  const applied = await migrate(env.DATABASE_URL);
  console.log(
    applied.length > 0 ? `migrated: ${applied.join(", ")}` : "the database is up to date",
  );
  await setPasswords(env);
  if (await ensureBucket(env)) console.log(`made the bucket ${env.S3_BUCKET}`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
