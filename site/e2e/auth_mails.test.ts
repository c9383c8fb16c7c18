import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { portalUrl } from "../../scripts/stack/testing.ts";

const TEMPLATES = path.resolve(import.meta.dirname, "../../supabase/templates");

test("the portal serves what Supabase Auth's mails say, where its settings look for it", async () => {
  const settings = await readFile(path.join(TEMPLATES, "gotrue.env"), "utf8");
  const addresses = [...settings.matchAll(/_TEMPLATES_\w+=(\S+)/g)].map(
    ([, address = ""]) => address,
  );
  expect(addresses).toHaveLength(6);
  for (const address of addresses) {
    const response = await fetch(portalUrl() + address);
    expect(response.status).toBe(200);
    const file = path.join(TEMPLATES, path.basename(address));
    expect(await response.text()).toBe(await readFile(file, "utf8"));
  }
  for (const name of ["nothing.html", "gotrue.env", "..%2fgotrue.env"]) {
    expect((await fetch(`${portalUrl()}/auth/mails/${name}`)).status).toBe(404);
  }
});
