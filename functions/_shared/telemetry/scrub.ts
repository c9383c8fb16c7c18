/** Takes out of a text what may say who somebody is, or open a door. */

const RULES: readonly (readonly [RegExp, string])[] = [
  // Of an address only where it leads: queries hold what people search for, and signatures.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"']*@/gi, "$1"],
  [/([?#])[^\s"'<>)]*=[^\s"'<>)]*/g, "$1[…]"],
  [/[^\s"'<>()=:,;]+@[^\s"'<>(),;:]+\.[a-z]{2,}/gi, "[address]"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "[token]"],
  [/\b(?:kontor|whsec|sb_secret|sb_publishable)_[\w+/=-]+/g, "[key]"],
  [/\b(Bearer|Basic)\s+[\w.+/=~-]+/gi, "$1 [token]"],
  [/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, "[ip]"],
  [/(?<![\w:.])(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:]{3,39}(?![\w:.])/gi, "[ip]"],
  // What Postgres says of a value: Key (email)=(ada@example.test).
  [/=\([^)]*(?:\)|$)/g, "=(…)"],
  // What is quoted is mostly somebody's input; also where it was cut off.
  [/"[^"]*(?:"|$)/g, '"…"'],
];

/** The text without mail addresses, IP addresses, queries, tokens, and what stands in double quotes. */
export function scrub(text: string): string {
  return RULES.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}
