/** Whether a backup is whole, and opens. Changes nothing. */
import { openPart } from "./load.ts";
import type { Manifest, PartName } from "./manifest.ts";
import type { Vault } from "./settings.ts";
import { checkParts, manifestOf } from "./vault.ts";

/**
 * Compares every object with the manifest, and with a key opens each to its end.
 * @throws BackupError naming the first object that is not as it was stored.
 */
export async function verify(vault: Vault, id: string, identity?: string): Promise<Manifest> {
  const manifest = await manifestOf(vault, id);
  await checkParts(vault, manifest);
  if (identity === undefined) return manifest;
  for (const part of Object.keys(manifest.parts) as PartName[]) {
    for await (const _ of await openPart(vault, manifest, part, identity));
  }
  return manifest;
}
