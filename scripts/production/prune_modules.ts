/**
 * `node prune_modules.ts <entry…> [+package…]`, while an image is built: leaves in node_modules what the
 * entries import, and what that depends on. A package with a + is kept although nothing imports it.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { importGraph } from "./import_graph.ts";

type Manifest = {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
};

/** Where a package that `from` (a folder of node_modules) depends on lies, looked for as Node does. */
function locate(root: string, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "node_modules", name);
    if (existsSync(path.join(root, candidate, "package.json"))) return candidate;
    if (folder === "." || folder === path.dirname(folder)) return undefined;
  }
}

/**
 * The top-level packages that are needed, with all that they depend on.
 * @throws Error when one that our own code imports is not installed.
 */
export function neededPackages(root: string, wanted: Iterable<string>): Set<string> {
  const seen = new Set<string>();
  const waiting: string[] = [];
  for (const name of wanted) {
    const folder = locate(root, ".", name);
    if (!folder) throw new Error(`${name} is imported, and not among the production dependencies`);
    waiting.push(folder);
  }
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    const manifest: Manifest = JSON.parse(
      readFileSync(path.join(root, folder, "package.json"), "utf8"),
    );
    const names = Object.keys({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    });
    for (const name of names) {
      const found = locate(root, folder, name);
      if (found) waiting.push(found);
    }
  }
  return new Set(
    [...seen].map((folder) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(folder)?.[1] ?? ""),
  );
}

/** The packages at the top of node_modules. */
export function installedPackages(root: string): string[] {
  const modules = path.join(root, "node_modules");
  return readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@")
        ? readdirSync(path.join(modules, name)).map((inner) => `${name}/${inner}`)
        : [name],
    );
}

function main(args: readonly string[]): void {
  const root = process.cwd();
  const kept = args.filter((arg) => arg.startsWith("+")).map((arg) => arg.slice(1));
  const graph = importGraph(
    root,
    args.filter((arg) => !arg.startsWith("+")),
  );
  const needed = neededPackages(root, [...graph.packages, ...kept]);
  const surplus = installedPackages(root).filter((name) => !needed.has(name));
  for (const name of surplus) {
    rmSync(path.join(root, "node_modules", name), { recursive: true, force: true });
  }
  rmSync(path.join(root, "node_modules", ".bin"), { recursive: true, force: true });
  console.log(`kept ${needed.size} packages, took ${surplus.length} away`);
}

if (import.meta.main) main(process.argv.slice(2));
