/** `docker compose run --rm check`, when everything is up: what .env alone cannot tell. */
import { z } from "zod";
import { addressFault, clockFault, secretFault, strangersToken } from "./running.ts";

const environment = z.object({
  PORTAL_URL: z.url(),
  API_URL: z.url(),
  JWT_SECRET: z.string().min(32),
  ANON_KEY: z.string().min(1),
  AUTH_URL: z.url(),
  REST_URL: z.url(),
  STORAGE_URL: z.url(),
  FUNCTIONS_URL: z.url(),
  /** Whose clock is compared with ours. */
  CLOCK_URL: z.url(),
});

/** Without a trailing slash: .env has none, and addresses are joined to it. */
const env = environment.parse(process.env);
const token = await strangersToken(env.JWT_SECRET);

const isLive = ({ status, text }: { status: number; text: string }) =>
  status === 200 && /"status" *: *"ok"/.test(text);

/** Only our own lets our key through, to PostgREST: which says that strangers may read nothing. */
const isOurGateway = ({ text }: { text: string }) => /"code" *: *"42501"/.test(text);

const faults = await Promise.all([
  clockFault(env.CLOCK_URL),
  addressFault(env.PORTAL_URL, "/api/livez", isLive),
  addressFault(env.API_URL, "/rest/v1/currencies?limit=1", isOurGateway, { apikey: env.ANON_KEY }),
  secretFault("auth", `${env.AUTH_URL}/user`, token, env.ANON_KEY),
  secretFault("rest", `${env.REST_URL}/currencies?limit=1`, token, env.ANON_KEY),
  secretFault("storage", `${env.STORAGE_URL}/bucket`, token, env.ANON_KEY),
  secretFault("functions", `${env.FUNCTIONS_URL}/functions/v1/tenants`, token, env.ANON_KEY),
]);

const found = faults.filter((fault) => fault !== undefined);
for (const fault of found) console.error(fault);
if (found.length > 0) process.exitCode = 1;
else console.log("Names, clock and secrets are in order.");
