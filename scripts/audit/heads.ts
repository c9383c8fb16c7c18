/** The chains' ends in a file, to be kept where the database's owner cannot write. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { z } from "zod";
import type { ChainEnds, Head } from "./chain.ts";

const heads = z.object({
  made_at: z.iso.datetime(),
  chains: z.record(z.guid(), z.object({ position: z.string(), hash: z.string() })),
});
export type Heads = Readonly<Record<string, Head>>;

/** The chains' ends in a file; none when there is no such file yet. @throws when it is not one of ours. */
export function readHeads(file: string): Heads {
  if (!existsSync(file)) return {};
  return heads.parse(JSON.parse(readFileSync(file, "utf8"))).chains;
}

/** Writes the chains' ends of now over those of before; chains that were not looked at stay. */
export async function writeHeads(
  file: string,
  before: Heads,
  chains: readonly ChainEnds[],
): Promise<void> {
  const now = chains.map(({ tenant_id, position, hash }) => [
    tenant_id,
    { position, hash: hash.toString("hex") },
  ]);
  const content: z.infer<typeof heads> = {
    made_at: new Date().toISOString(),
    chains: { ...before, ...Object.fromEntries(now) },
  };
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}
