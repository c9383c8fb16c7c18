import node from "@astrojs/node";
import react from "@astrojs/react";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "astro/config";

/**
 * Every page is rendered per request. The policy below names no inline script: Astro adds the hashes
 * of its own. Inline style *attributes* are allowed (menus are placed with them), style elements are not.
 */
export default defineConfig({
  output: "server",
  adapter: node({ mode: "standalone", bodySizeLimit: 64 * 1024 * 1024 }),
  integrations: [react()],
  vite: { plugins: [tailwindcss()] },
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
