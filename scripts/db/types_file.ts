/** supabase/types.ts: the schema's TypeScript types, by the supabase CLI, laid out by Biome. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../env.ts";
import { splitPassword } from "./split_password.ts";
import { supabase } from "./supabase_cli.ts";

const FILE = path.join(ROOT, "supabase", "types.ts");
const BANNER = "// Generated from the database by `npm run db:types`.\n\n";

function format(source: string): Promise<string> {
  const biome = path.join(ROOT, "node_modules", "@biomejs", "biome", "bin", "biome");
  // Another name than its own, which Biome's configuration leaves out.
  const args = [biome, "format", "--stdin-file-path=scripts/db/generated.ts"];
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, args, { cwd: ROOT }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    child.stdin?.end(source);
  });
}

/** The types of schema public of a database. @throws Error when the CLI fails. */
async function generateTypes(ownerUrl: string): Promise<string> {
  const { code, stdout, stderr } = await supabase(
    [
      "gen",
      "types",
      "--lang=typescript",
      "--schema=public",
      `--remote=${splitPassword(ownerUrl).url}`,
    ],
    ownerUrl,
  );
  if (code !== 0) throw new Error(`supabase gen types failed:\n${stderr}`);
  return await format(`${BANNER}${stdout}`);
}

/** Writes supabase/types.ts. @returns whether it changed. */
export async function writeTypes(ownerUrl: string): Promise<boolean> {
  const types = await generateTypes(ownerUrl);
  const before = await readFile(FILE, "utf8").catch(() => "");
  if (types === before) return false;
  await writeFile(FILE, types);
  return true;
}

/** Whether supabase/types.ts is what this database gives. */
export async function typesAreCurrent(ownerUrl: string): Promise<boolean> {
  const [types, before] = await Promise.all([
    generateTypes(ownerUrl),
    readFile(FILE, "utf8").catch(() => ""),
  ]);
  return types === before;
}
