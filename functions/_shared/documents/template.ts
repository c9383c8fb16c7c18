/**
 * Templates: plain HTML files with `{{ }}` that a business may edit. Every value is escaped, because
 * a template that asks for an unescaped one is refused.
 */
import { readFile } from "node:fs/promises";
import mustache, { type TemplateSpans } from "mustache";

/**
 * Fills a template in.
 * @param name the file's, below templates/.
 * @throws Error naming a template that is not there or would put a value in unescaped.
 */
export async function fillTemplate(name: string, values: object): Promise<string> {
  const text = await readTemplate(`${name}.html`);
  const partials = Object.fromEntries(
    await Promise.all(
      [...text.matchAll(/\{\{>\s*([a-z_]+)\s*\}\}/g)].map(async ([, part = ""]) =>
        [part, await readTemplate(`${part}.html`)] as const
      ),
    ),
  );
  return renderTemplate(text, values, partials);
}

/**
 * Fills in the text of a template.
 * @param partials what `{{> name}}` puts in, by name.
 * @throws Error when it, or what it puts in, would put a value in unescaped.
 */
export function renderTemplate(
  text: string,
  values: object,
  partials: Readonly<Record<string, string>> = {},
): string {
  for (const each of [text, ...Object.values(partials)]) refuseUnescaped(mustache.parse(each));
  return mustache.render(text, values, partials);
}

/** A file of templates/ as it is. */
export function readTemplate(file: string): Promise<string> {
  return readFile(new URL(`templates/${file}`, import.meta.url), "utf8");
}

function refuseUnescaped(spans: TemplateSpans): void {
  for (const [kind, what, , , inside] of spans) {
    if (kind === "&") {
      throw new Error(`a template puts in ${what} unescaped: write {{${what}}}`);
    }
    if (Array.isArray(inside)) refuseUnescaped(inside);
  }
}

/**
 * A text for a string in CSS, which HTML's escaping does not protect: every character by its number.
 */
export function cssText(text: string): string {
  return Array.from(text, (character) => `\\${hex(character)} `).join("");
}

const hex = (character: string) => (character.codePointAt(0) ?? 0xfffd).toString(16);
