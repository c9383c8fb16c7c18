/**
 * The fonts that a document needs, and no others: each comes in files for parts of Unicode, and only
 * those with characters of the document go along with it. So a printer needs no fonts of its own, and
 * prints the same everywhere.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";

type Font = {
  readonly family: string;
  readonly package: string;
  /** Begins the names of its files. */
  readonly prefix: string;
  /** A file for each weight, or one that holds all of them. */
  readonly weights: readonly number[] | "variable";
};

/** In the order in which they are asked for a character; print.css names the families in the same. */
const FONTS: readonly Font[] = [
  { family: "Inter", package: "@fontsource/inter", prefix: "inter", weights: [400, 600] },
  {
    family: "IBM Plex Sans Arabic",
    package: "@fontsource/ibm-plex-sans-arabic",
    prefix: "ibm-plex-sans-arabic",
    weights: [400, 600],
  },
  {
    family: "Noto Sans Hebrew",
    package: "@fontsource/noto-sans-hebrew",
    prefix: "noto-sans-hebrew",
    weights: [400, 600],
  },
  {
    family: "Noto Sans SC",
    package: "@fontsource-variable/noto-sans-sc",
    prefix: "noto-sans-sc",
    weights: "variable",
  },
  {
    family: "Noto Sans KR",
    package: "@fontsource-variable/noto-sans-kr",
    prefix: "noto-sans-kr",
    weights: "variable",
  },
];

/** First and last character of a range, both in it. */
type Range = readonly [first: number, last: number];
type Subset = { readonly name: string; readonly css: string; readonly ranges: readonly Range[] };

export type DocumentFonts = {
  /** The `@font-face` rules. */
  readonly css: string;
  /** The files that they name. */
  readonly assets: Readonly<Record<string, Uint8Array>>;
};

const subsetsOf = new Map<string, Promise<readonly Subset[]>>();

/** The fonts for a text. */
export async function fontsFor(text: string): Promise<DocumentFonts> {
  let open = new Set([...text].map((character) => character.codePointAt(0) ?? 0));
  const rules: string[] = [];
  const assets: Record<string, Uint8Array> = {};
  for (const font of FONTS) {
    const known = subsetsOf.get(font.package) ?? readSubsets(font);
    subsetsOf.set(font.package, known);
    const covers = ({ ranges }: Subset, character: number) =>
      ranges.some(([first, last]) => first <= character && character <= last);
    const needed = (await known).filter((subset) =>
      [...open].some((character) => covers(subset, character))
    );
    open = new Set(
      [...open].filter((character) => !needed.some((subset) => covers(subset, character))),
    );
    for (const subset of needed) {
      for (const { file, weight } of filesOf(font, subset)) {
        assets[file] = await readFile(located(`${font.package}/files/${file}`));
        rules.push(
          `@font-face{font-family:"${font.family}";font-weight:${weight};` +
            `src:url("${file}") format("woff2");unicode-range:${subset.css}}`,
        );
      }
    }
  }
  return { css: rules.join("\n"), assets };
}

function filesOf({ prefix, weights }: Font, { name }: Subset): { file: string; weight: string }[] {
  return weights === "variable"
    ? [{ file: `${prefix}-${name}-wght-normal.woff2`, weight: "100 900" }]
    : weights.map((weight) => ({
      file: `${prefix}-${name}-${weight}-normal.woff2`,
      weight: String(weight),
    }));
}

async function readSubsets(font: Font): Promise<readonly Subset[]> {
  const json: unknown = JSON.parse(
    await readFile(located(`${font.package}/unicode.json`), "utf8"),
  );
  return Object.entries(z.record(z.string(), z.string()).parse(json)).map(([name, css]) => ({
    // Numbered ones are written `[12]`.
    name: name.replace(/^\[(\d+)\]$/, "$1"),
    css,
    ranges: css.split(",").map(rangeOf),
  }));
}

/** `U+20AC` or `U+0900-097F`. */
function rangeOf(css: string): Range {
  const [first = "", last = first] = css.trim().replace(/^U\+/i, "").split("-");
  return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
}

const located = (specifier: string) => fileURLToPath(import.meta.resolve(specifier));
