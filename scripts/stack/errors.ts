/** A reason not to start that a person can act on; printed without a stack trace. */
export class StackError extends Error {}

/** The sentence to print for anything thrown while starting. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && (error.code === "ENOSPC" || error.code === "53100")) {
    return `the disk is full (${error.message}); make room and start again, nothing is lost`;
  }
  if ("code" in error && (error.code === "EACCES" || error.code === "EROFS")) {
    return `no permission: ${error.message}; the data folder belongs to who started it first`;
  }
  return error.message;
}
