import { expect, it } from "vitest";
import { portalUrl } from "../../../../scripts/stack/testing.ts";

it("a page's status comes with its own words", async () => {
  const body = new URLSearchParams({ email: "nobody@acme.test", password: "certainly wrong" });
  const headers = { origin: portalUrl(), "sec-fetch-site": "same-origin" };
  const refused = await fetch(`${portalUrl()}/signin`, { method: "POST", headers, body });
  expect([refused.status, refused.statusText]).toEqual([401, "Unauthorized"]);
  const missing = await fetch(`${portalUrl()}/no/such/page`);
  expect([missing.status, missing.statusText]).toEqual([404, "Not Found"]);
  const shown = await fetch(`${portalUrl()}/signin`);
  expect([shown.status, shown.statusText]).toEqual([200, "OK"]);
});
