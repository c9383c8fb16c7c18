/** sql/: what the database is, in slices that load in the order of their names. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../env.ts";

export type Slice = { readonly file: string; readonly sql: string };

/** Every `sql/*.sql` in load order. */
export async function readSlices(folder: string = path.join(ROOT, "sql")): Promise<Slice[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return await Promise.all(
    names.map(async (file) => ({ file, sql: await readFile(path.join(folder, file), "utf8") })),
  );
}

/** The slices as one migration, each under its name. */
export function concatenate(slices: readonly Slice[]): string {
  const parts = slices.map(({ file, sql }) => {
    const banner = `-- ${"=".repeat(97)}\n-- sql/${file}\n-- ${"=".repeat(97)}`;
    return `${banner}\n\n${sql.trimEnd()}\n`;
  });
  return `-- Generated from sql/ by \`npm run db:migration\`; edit there.\n\n${parts.join("\n\n")}`;
}
