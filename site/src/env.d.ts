/// <reference types="astro/client" />

declare namespace App {
  interface Locals {
    /** Who asks, or null; set by the middleware on every page. */
    session: import("../../functions/_shared/contracts/auth.ts").Session | null;
    /** The tenant whose slug the path begins with, when the caller belongs to it. */
    tenant: import("../../functions/_shared/contracts/tenancy.ts").Tenant | null;
    /** What to pass on when the page calls the API. */
    caller: import("./lib/server/functions.ts").Caller;
    /** Calls the API as the caller, in `tenant` if there is one. */
    api: import("./lib/api/client.ts").Api;
    /** For numbers and dates, e.g. `de-DE`. */
    locale: string;
    /** Set once the page asked for could not be made, while the one that says so is. */
    failed?: boolean;
    theme: "light" | "dark" | null;
  }
}
