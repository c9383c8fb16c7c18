/** The auth part: Supabase Auth's /auth/v1 for the embedded stack, reached through the gateway. */
import { getRequestListener } from "@hono/node-server";
import type { Part, StackContext } from "../part.ts";
import { createAuthApp } from "./auth_app.ts";
import { httpPart } from "./http_part.ts";

export { installAuthSchema } from "./auth_schema.ts";

/** Makes the part; its schema is installed beforehand (installAuthSchema). */
export function createAuth(ctx: StackContext): Part {
  return httpPart({
    name: "auth",
    needs: ["postgres"],
    port: ctx.ports.auth,
    probe: "/auth/v1/settings",
    open: async () => {
      const app = createAuthApp({
        databaseUrl: ctx.databaseUrl("supabase_auth_admin"),
        jwtSecret: ctx.secrets.jwtSecret,
        siteUrl: ctx.urls.portal,
        publicUrl: ctx.urls.gateway,
        smtpUrl: ctx.smtpUrl,
        log: (text) => ctx.log("auth", text),
      });
      return { listener: getRequestListener(app.fetch), close: app.close };
    },
  });
}
