/** What only a superuser can do is done in production as it is in the embedded stack. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../scripts/env.ts";

const words = (text: string) => text.replace(/\s+/g, " ");
const embedded = words(readFileSync(path.join(ROOT, "scripts/stack/roles.ts"), "utf8"));
const production = words(
  readFileSync(path.join(ROOT, "supabase/database/99-zz-kontor.sql"), "utf8"),
);

it.each([
  [/grant set on parameter [^;]+;/],
  [/grant pg_monitor[^;]+;/],
  [/revoke connect on database template1[^;]+;/],
  [/do \$\$ declare risky.*?end \$\$;/],
])("%s", (pattern) => {
  const statement = pattern.exec(embedded)?.[0];
  expect(statement).toBeDefined();
  expect(production).toContain(statement);
});
