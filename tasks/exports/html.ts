/** HTML that is escaped by construction: every value that is not HTML itself is text. */

export type Html = { readonly text: string };

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escapeText = (value: string): string =>
  value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

/** A template of HTML; lists of HTML are joined. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html {
  const text = parts.reduce((before, part, place) => before + shown(values[place - 1]) + part);
  return { text };
}

function shown(value: string | Html | readonly Html[] | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string") return escapeText(value);
  return "text" in value ? value.text : value.map(({ text }) => text).join("");
}
