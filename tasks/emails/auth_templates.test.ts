/**
 * The files for GoTrue say what auth_mails.ts says; `npm test -- auth_templates -u` writes them anew.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { AUTH_MAILS, languageOf, renderAuthMail } from "./auth_mails.ts";
import { bodyTemplate, configToml, gotrueEnv } from "./auth_templates.ts";

const SUPABASE = path.resolve(import.meta.dirname, "../../supabase");

describe("the files for GoTrue are up to date", () => {
  test.each(AUTH_MAILS)("%s", async (mail) => {
    await expect(await bodyTemplate(mail)).toMatchFileSnapshot(
      path.join(SUPABASE, `templates/${mail}.html`),
    );
  });

  test("gotrue.env", async () => {
    await expect(gotrueEnv()).toMatchFileSnapshot(path.join(SUPABASE, "templates/gotrue.env"));
  });

  test("config.toml", async () => {
    expect(await readFile(path.join(SUPABASE, "config.toml"), "utf8")).toContain(configToml());
  });
});

test.each(AUTH_MAILS)("%s is a template that ends whatever it begins", async (mail) => {
  const text = await bodyTemplate(mail);
  const actions = [...text.matchAll(/\{\{ (\w+|\.\w+)[^}]*\}\}/g)].map(([, first = ""]) => first);
  const count = (name: string) => actions.filter((action) => action === name).length;
  expect(count("end")).toBe(count("if"));
  expect(count("else")).toBe(count("if"));
  expect(text.replace(/\{\{ [^{}]* \}\}/g, "")).not.toMatch(/[{}]{2}/);
});

test("an account's language", () => {
  expect(["de", "de-AT", "en-GB", "", 5, null, undefined].map(languageOf)).toEqual([
    "de",
    "de",
    ...Array(5).fill("en"),
  ]);
});

test("what somebody could have written stays text", async () => {
  const evil = `"><script>x</script>@example.test`;
  const { html } = await renderAuthMail("email_change", "en", {
    url: "https://kontor.test/?a=1&b=2",
    code: "123456",
    newEmail: evil,
  });
  expect(html).not.toContain("<script>");
  expect(html).toContain('href="https://kontor.test/?a=1&amp;b=2"');
});
