import node from "@astrojs/node";
import preact from "@astrojs/preact";
import react from "@astrojs/react";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "astro/config";

/** What every page's island uses; a group takes along whatever its files import. */
const BASE =
  /site\/src\/(lib\/(?!contract)|ui\/(Badge|Button|context|Dialog|EmptyState|Field|Input|Notice|PageHeader|toast\b|Values))|node_modules\/(clsx|class-variance|lucide)/;

/** Small islands of pages that would otherwise need no script; React is for the rich ones. */
const PREACT = "**/ui/preact/**";

/**
 * Every page is rendered per request. The policy below names no inline script: Astro adds the hashes
 * of its own. Inline style *attributes* are allowed (menus are placed with them), style elements are not.
 */
export default defineConfig({
  output: "server",
  adapter: node({ mode: "standalone", bodySizeLimit: 64 * 1024 * 1024 }),
  integrations: [react({ exclude: PREACT }), preact({ include: PREACT })],
  vite: {
    plugins: [tailwindcss()],
    environments: {
      client: {
        build: {
          rolldownOptions: {
            output: {
              // A few files that every page shares, rather than dozens of some hundred bytes.
              codeSplitting: {
                groups: [
                  // Every island's; on its own, so that small ones need not fetch the large.
                  { name: "preload", test: /vite\/preload-helper/ },
                  { name: "react", test: /node_modules\/(react|react-dom|scheduler)\// },
                  { name: "base", test: BASE },
                  { name: "lists", test: /site\/src\/features\/(list|records)\// },
                ],
              },
            },
          },
        },
      },
    },
  },
  devToolbar: { enabled: false },
  markdown: { syntaxHighlight: false },
  prefetch: false,
  security: {
    // The middleware compares a form's Origin with PORTAL_URL, which holds behind a TLS proxy too.
    checkOrigin: false,
    csp: {
      directives: [
        "default-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ],
      styleDirective: {
        resources: ["'self'", { resource: "'unsafe-inline'", kind: "attribute" }],
      },
    },
  },
});
