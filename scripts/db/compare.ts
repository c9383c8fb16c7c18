/** Two databases side by side: one from supabase/migrations/, one from sql/. */
import { ROOT } from "../env.ts";
import { differences, fingerprint } from "./fingerprint.ts";
import { migrate } from "./migrate.ts";
import { loadSlices, type Scratch, startScratch, using } from "./scratch.ts";
import { readSlices } from "./slices.ts";
import { supabase } from "./supabase_cli.ts";

export type Pair = AsyncDisposable & { readonly migrated: Scratch; readonly sliced: Scratch };

/**
 * Builds both, each in a cluster of its own, so that roles are compared as well.
 * @param workdir the folder that holds `supabase/`; the repository's root when left out.
 * @throws Error naming the migration or the slice that does not load.
 */
export async function buildPair(workdir: string = ROOT): Promise<Pair> {
  const started = await Promise.allSettled([startScratch(), startScratch()]);
  const scratches = started.flatMap((s) => (s.status === "fulfilled" ? [s.value] : []));
  const dispose = async () => {
    await Promise.all(scratches.map((scratch) => scratch[Symbol.asyncDispose]()));
  };
  try {
    for (const outcome of started) if (outcome.status === "rejected") throw outcome.reason;
    const [migrated, sliced] = scratches;
    if (!migrated || !sliced) throw new Error("two clusters were started");
    await Promise.all([
      migrate(migrated.url("postgres"), workdir),
      loadSlices(sliced.url("postgres"), await readSlices()),
    ]);
    return { migrated, sliced, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** What the fingerprint sees: every difference, `-` as in the first, `+` as in the second. */
export async function compare(from: Scratch, to: Scratch): Promise<string[]> {
  const read = (scratch: Scratch) => using(scratch.url("supabase_admin"), fingerprint);
  const [first, second] = await Promise.all([read(from), read(to)]);
  return differences(first, second);
}

/**
 * What the supabase CLI sees: the statements that would lead from one to the other. It passes over
 * default privileges, roles and their memberships, column storage and rows; the fingerprint does not.
 * @throws Error when the CLI fails.
 */
export async function diff(from: Scratch, to: Scratch): Promise<string> {
  // One PGPASSWORD cannot serve two clusters; these passwords live as long as the clusters do.
  const { code, stdout, stderr } = await supabase(
    ["db", "diff", "--use-pg-delta", "--from", from.url("postgres"), "--to", to.url("postgres")],
    from.url("postgres"),
  );
  if (code !== 0) throw new Error(`supabase db diff failed:\n${stderr}${stdout}`);
  return stdout
    .split("\n")
    .filter((text) => !/^[│▲●◇■]/u.test(text))
    .join("\n")
    .trim();
}
