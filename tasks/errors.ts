/**
 * What trying again cannot heal: the job fails at once, and its reason is what the tenant's admins
 * read. Everything else that a task throws is tried again later.
 */
export class PermanentError extends Error {
  override name = "PermanentError";
}
