/** The manifest of a backup: what is in it, and how to know that it is whole. Written last. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { BackupError } from "./errors.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const part = z.object({
  /** The object's name beside the manifest. */
  name: z.string().regex(/^[\w.]+$/),
  bytes: z.int().min(1),
  /** Of the object as it is stored, so that it can be checked without a key. */
  sha256,
});
const table = z.object({
  /** schema.table */
  name: z.string(),
  rows: z.int().min(0),
  /** Of all its rows, in whatever order. */
  checksum: z.string(),
});

const manifest = z.object({
  format: z.literal(1),
  id: z.string(),
  made_at: z.iso.datetime(),
  versions: z.object({
    kontor: z.string(),
    postgres: z.string(),
    pg_dump: z.string(),
    /** The migrations that were applied. */
    migrations: z.array(z.string()),
  }),
  schemas: z.array(z.string()),
  extensions: z.array(z.object({ name: z.string(), schema: z.string() })),
  tables: z.array(table),
  files: z.object({ count: z.int(), bytes: z.int() }),
  parts: z.object({ database: part, roles: part, files: part }),
});

export type Part = z.infer<typeof part>;
export type TableSum = z.infer<typeof table>;
export type Manifest = z.infer<typeof manifest>;
export type PartName = keyof Manifest["parts"];

export const MANIFEST = "manifest.json";

const sealed = z.object({ sha256, manifest: z.unknown() });
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** The manifest's file: itself, and its own hash. */
export function writeManifest(content: Manifest): string {
  return `${JSON.stringify({ sha256: hashOf(JSON.stringify(content)), manifest: content }, null, 1)}\n`;
}

/**
 * Reads a manifest's file.
 * @throws BackupError when it is not as it was written.
 */
export function readManifest(text: string, id: string): Manifest {
  const damaged = new BackupError(
    `${id}/${MANIFEST} is damaged or was altered: its hash does not fit`,
  );
  let file: z.infer<typeof sealed>;
  try {
    file = sealed.parse(JSON.parse(text));
  } catch {
    throw damaged;
  }
  if (hashOf(JSON.stringify(file.manifest)) !== file.sha256) throw damaged;
  const read = manifest.safeParse(file.manifest);
  if (!read.success) {
    throw new BackupError(`${id} was made by another version of Kontor, in a form unknown here`);
  }
  if (read.data.id !== id) throw damaged;
  return read.data;
}

/** The major version of a Postgres, of "17.10" or "15.18 (Debian …)". */
export const majorOf = (version: string): number => Number.parseInt(version, 10);
