/**
 * The service `migrate` of docker-compose.yml: brings the database up to date, sets the passwords of our
 * two logins, and makes the bucket. Everything that waits for it may rely on all three.
 */
import { CreateBucketCommand, HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import postgres from "postgres";
import { z } from "zod";
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
  const client = new S3Client({
    endpoint: env.S3_ENDPOINT,
    region: env.S3_REGION,
    credentials: { accessKeyId: env.S3_ACCESS_KEY_ID, secretAccessKey: env.S3_SECRET_ACCESS_KEY },
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  try {
    await client.send(new HeadBucketCommand({ Bucket: env.S3_BUCKET }));
    return false;
  } catch (error) {
    const status = error instanceof Error && "$metadata" in error ? error.$metadata : undefined;
    if (!z.object({ httpStatusCode: z.literal(404) }).safeParse(status).success) throw error;
    await client.send(new CreateBucketCommand({ Bucket: env.S3_BUCKET }));
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
