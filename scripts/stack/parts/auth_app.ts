/** GoTrue's API for the embedded stack: @supabase/lite, of which only /auth/v1 is served. */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { App, SmtpEmailDriver } from "@supabase/lite";
import { connectAuthDatabase } from "./auth_connection.ts";
import { complainAbout, refusal } from "./auth_input.ts";
import { createAuthLimits } from "./auth_limits.ts";
import { createMailer } from "./auth_mails.ts";
import { createSessionWatch } from "./auth_sessions.ts";

export type AuthOptions = {
  /** As supabase_auth_admin. */
  databaseUrl: string;
  jwtSecret: string;
  /** The portal's origin: where links lead when a request does not say, and what it may say. */
  siteUrl: string;
  /** The gateway's origin, where browsers reach /auth/v1. */
  publicUrl: string;
  smtpUrl: string;
  /** Whether whoever signs up must follow the link of a mail first. */
  confirmSignUps?: boolean;
  log(text: string): void;
};

const TOKEN_LIFE_SECONDS = 3600;
const PASSWORD_MIN_LENGTH = 8;
/** A refused sign-in is answered no sooner; several times what comparing a password takes. */
const REFUSED_SIGN_IN_MS = 300;
const ANSWER_WITHIN_MS = 15_000;
const CLOSES_WITHIN_SECONDS = 2;
const SENDER = { name: "Kontor", address: "no-reply@kontor.test" };

function smtpDriver(smtpUrl: string): SmtpEmailDriver {
  const { hostname, port, username, password, protocol } = new URL(smtpUrl);
  return new SmtpEmailDriver({
    host: hostname,
    port: port === "" ? 25 : Number(port),
    secure: protocol === "smtps:",
    from: SENDER,
    ...(username && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
  });
}

function createApp(options: AuthOptions, redirectTo: () => string | undefined) {
  const connection = connectAuthDatabase(options.databaseUrl);
  const driver = smtpDriver(options.smtpUrl);
  const app = new App({
    connection,
    api: { external_url: options.publicUrl },
    auth: {
      enabled: true,
      jwt_secret: options.jwtSecret,
      jwt_expiry: TOKEN_LIFE_SECONDS,
      site_url: options.siteUrl,
      additional_redirect_urls: [`${options.siteUrl}/**`],
      minimum_password_length: PASSWORD_MIN_LENGTH,
      enable_signup: true,
      enable_refresh_token_rotation: true,
      email: {
        enable_signup: true,
        enable_confirmations: options.confirmSignUps ?? false,
        // Asked for two confirmations, the library is content with that of the old address alone.
        double_confirm_changes: false,
      },
    },
    options: { drivers: { email: driver }, server: { admin: false, disableStudio: true } },
  });
  app._mailer = createMailer({
    driver,
    origin: options.publicUrl,
    redirectTo,
    async localeOf(userId) {
      const [row] = await connection.driver<{ locale: string | null }[]>`
        select raw_user_meta_data ->> 'locale' as locale from auth.users where id = ${userId}`;
      return row?.locale;
    },
  });
  return { app, connection };
}

export type AuthApp = {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
};

/** Makes the server; the schema must be installed (installAuthSchema). */
export function createAuthApp(options: AuthOptions): AuthApp {
  const redirect = new AsyncLocalStorage<string | undefined>();
  const { app, connection } = createApp(options, () => redirect.getStore());
  const admit = createAuthLimits();

  const watch = createSessionWatch(connection.driver);
  let lastSignUp: Promise<unknown> = Promise.resolve();
  /** One sign-up after the other: of two for one address at once, the second finds it taken. */
  function inTurn(signUp: () => Promise<Response>): Promise<Response> {
    const turn = lastSignUp.then(signUp);
    lastSignUp = turn.catch(() => {});
    return turn;
  }

  /** As Supabase Auth does it: whoever signed in with the old password is signed out. */
  async function endOtherSessions(authorization: string): Promise<void> {
    const logout = new URL("/auth/v1/logout?scope=others", options.publicUrl);
    await app.fetch(new Request(logout, { method: "POST", headers: { authorization } }));
  }

  async function watched(request: Request, text: string): Promise<Response> {
    const response = await app.fetch(request);
    await watch(request, text, response);
    return response;
  }

  async function serve(request: Request, url: URL, text: string): Promise<Response> {
    if (url.pathname === "/auth/v1/signup") return inTurn(() => watched(request, text));
    const authorization = request.headers.get("authorization") ?? "";
    const isPassword = url.searchParams.get("grant_type") === "password";
    const noSooner = isPassword ? sleep(REFUSED_SIGN_IN_MS, undefined, { ref: false }) : undefined;
    const changesPassword = request.method === "PUT" && /"password"\s*:/.test(text);
    const response = await watched(request, text);
    // An unknown address needs no hashing, and so would be told from a wrong password by its time.
    if (response.status >= 400) await noSooner;
    else if (changesPassword) await endOtherSessions(authorization);
    return response;
  }

  return {
    async fetch(request) {
      const url = new URL(request.url);
      // The parsed address decides: `/auth/v1/../rest/v1` is not auth.
      if (!url.pathname.startsWith("/auth/v1/")) return refusal(404, "not_found", "Not found");
      const text = request.body ? await request.text() : "";
      const complaint = text === "" ? undefined : complainAbout(text);
      if (complaint) return refusal(400, "validation_failed", complaint);
      const attempt = admit(request, url, text);
      if (typeof attempt === "number") {
        return refusal(429, "over_request_rate_limit", "Too many attempts; wait a little", {
          "retry-after": String(attempt),
        });
      }
      const { method, headers } = request;
      const passed = new Request(url, { method, headers, ...(text && { body: text }) });
      const target = url.searchParams.get("redirect_to") ?? undefined;
      const answer = redirect.run(target, () => serve(passed, url, text));
      // Without its database the library would wait as long as the client does.
      const response = await Promise.race([
        answer,
        sleep(ANSWER_WITHIN_MS, undefined, { ref: false }),
      ]);
      if (response) attempt.ended(response);
      if (response && response.status < 500) return response;
      const status = response?.status ?? "none in time";
      options.log(JSON.stringify({ level: "error", method, path: url.pathname, status }));
      return refusal(503, "unexpected_failure", "Signing in is not available just now", {
        "retry-after": "2",
      });
    },
    close: () => connection.driver.end({ timeout: CLOSES_WITHIN_SECONDS }),
  };
}
