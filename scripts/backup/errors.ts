/** What an operator can act on: printed as it is, without a stack trace. */
export class BackupError extends Error {
  override name = "BackupError";
}

/** No pg_dump of the server's own major version is here: trying again does not help. */
export class MissingTools extends BackupError {}

/** Any thrown value as one sentence; a full disk is called that. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  if (code === "ENOSPC" || code === "53100" || /No space left on device/.test(error.message)) {
    return `the disk is full: ${error.message}`;
  }
  return error.message;
}
