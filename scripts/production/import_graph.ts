/** What a program imports: its own files and the packages, found by reading, not by running. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { builtinModules, stripTypeScriptTypes } from "node:module";
import path from "node:path";

export type ImportGraph = {
  /** Our files, relative to the root, the entries among them. */
  readonly files: ReadonlySet<string>;
  /** Package names as they are imported from our files. */
  readonly packages: ReadonlySet<string>;
};

const BUILTIN = new Set(builtinModules);

/** Imports and exports from somewhere, dynamic imports, and files next to a module that it names. */
const SPECIFIERS = [
  /\b(?:import|export)\b[^"'`;()]*?\bfrom\s*["']([^"']+)["']/g,
  /\bimport\s*["']([^"']+)["']/g,
  /\bimport\(\s*["']([^"']+)["']\s*\)/g,
  /\bnew URL\(\s*["'](\.{1,2}\/[^"']+\.[cm]?[jt]s)["'],\s*import\.meta\.url\s*\)/g,
];

function specifiersIn(file: string): string[] {
  const text = readFileSync(file, "utf8");
  // Types are no imports at run time.
  const code = /\.[cm]?ts$/.test(file) ? stripTypeScriptTypes(text) : text;
  return SPECIFIERS.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => match[1] ?? ""),
  );
}

/** The package that a specifier names: `@scope/name/sub` is `@scope/name`. */
export function packageOf(specifier: string): string {
  const [first = "", second = ""] = specifier.replace(/^npm:/, "").split("/");
  return first.startsWith("@") ? `${first}/${second}` : first.replace(/@.*$/, "");
}

/**
 * Walks from the entries, all relative to the root.
 * @throws Error naming an imported file that does not exist.
 */
export function importGraph(root: string, entries: readonly string[]): ImportGraph {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    const full = path.join(root, file);
    if (!existsSync(full) || !statSync(full).isFile()) throw new Error(`${file} does not exist`);
    files.add(file);
    if (!/\.[cm]?[jt]s$/.test(file)) continue;
    for (const specifier of specifiersIn(full)) {
      if (/^\.{1,2}\//.test(specifier)) waiting.push(path.join(path.dirname(file), specifier));
      else if (!specifier.startsWith("node:") && !BUILTIN.has(specifier)) {
        packages.add(packageOf(specifier));
      }
    }
  }
  return { files, packages };
}
