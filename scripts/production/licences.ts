/** Under which licences the packages of the images are, and whether they may be. */
import satisfies from "spdx-satisfies";
import { z } from "zod";

/**
 * What may be used and passed on as it is, by a product that is itself under MIT. LGPL: only what is a
 * library of its own beside our code, as libvips is; MPL: files of theirs that we do not change.
 */
export const ALLOWED: readonly string[] = [
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC-BY-4.0",
  "CC0-1.0",
  "ISC",
  "LGPL-3.0-or-later",
  "MIT",
  "MIT-0",
  "MPL-2.0",
  "OFL-1.1",
  "Python-2.0",
  "Unlicense",
  "Zlib",
];

/** Said in words that SPDX does not know; each was looked at, in this version. */
const LOOKED_AT: ReadonlySet<string> = new Set([
  "node_modules/jsonify@0.0.1 is under Public Domain",
]);

const lockfile = z.object({
  packages: z.record(
    z.string(),
    z
      .object({
        version: z.string().optional(),
        license: z.string().optional(),
        dev: z.boolean().optional(),
        link: z.boolean().optional(),
      })
      .loose(),
  ),
});

export type Licensed = {
  /** Its place in node_modules, and the version. */
  readonly name: string;
  /** An SPDX expression; empty when the package says nothing. */
  readonly licence: string;
};

/** The production packages that a lockfile names, npm's own record of what each says of itself. */
export function licensesOf(lock: unknown): Licensed[] {
  return Object.entries(lockfile.parse(lock).packages)
    .filter(([place, entry]) => place !== "" && !entry.dev && !entry.link)
    .map(([place, { version = "", license = "" }]) => ({
      name: `${place}@${version}`,
      licence: license,
    }));
}

function isAllowed(licence: string): boolean {
  try {
    return satisfies(licence, [...ALLOWED]);
  } catch {
    return false; // not an SPDX expression
  }
}

/** Those that may not go into an image, a line each. */
export function licenceFaults(packages: readonly Licensed[]): string[] {
  return packages
    .filter(({ licence }) => !isAllowed(licence))
    .map(({ name, licence }) => `${name} is under ${licence || "no licence that it names"}`)
    .filter((fault) => !LOOKED_AT.has(fault));
}

/** How many packages are under each licence, the most frequent first. */
export function summaryOf(packages: readonly Licensed[]): string {
  const counted = Map.groupBy(packages, ({ licence }) => licence);
  return [...counted]
    .map(([licence, { length }]) => [licence, length] as const)
    .toSorted(([, one], [, other]) => other - one)
    .map(([licence, count]) => `${licence} ${count}`)
    .join(", ");
}
