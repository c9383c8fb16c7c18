/** What a format of exports is. */
import type { Snapshot } from "./snapshot.ts";
import type { Wanted } from "./wanted.ts";

/** Where a file's bytes go; a promise means: wait before giving more. */
export type Out = { write(bytes: Uint8Array): Promise<void> | undefined };

/** Rows that are written; whoever writes them counts. */
export type Progress = { done: number };

export type Surroundings = {
  readonly wanted: Wanted;
  readonly gotenbergUrl: string | undefined;
  readonly signal: AbortSignal;
};

export type Format = {
  readonly contentType: string;
  /**
   * Writes the whole file.
   * @throws PermanentError when the format cannot hold these rows.
   */
  write(
    snapshot: Snapshot,
    out: Out,
    progress: Progress,
    surroundings: Surroundings,
  ): Promise<void>;
};
