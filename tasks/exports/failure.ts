/** Why an export failed, in words for whoever asked for it, and whether trying again may help. */
import { S3ServiceException } from "@aws-sdk/client-s3";
import postgres from "postgres";
import { PdfError } from "../../functions/_shared/pdf.ts";
import { PermanentError } from "../errors.ts";

/** As stores say it that S3 has no word for: its own is never full. */
const INSUFFICIENT_STORAGE = 507;

/** Somebody cancelled the export. */
export class Cancelled extends Error {
  override name = "Cancelled";
}

/** The object store did not do what it was asked to. */
export class StoreError extends Error {
  override name = "StoreError";
  readonly isFull: boolean;

  constructor(cause: unknown) {
    super(`object store: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.isFull =
      cause instanceof S3ServiceException &&
      (cause.$metadata.httpStatusCode === INSUFFICIENT_STORAGE || /full|quota/i.test(cause.name));
  }
}

export type Failure = { readonly reason: string; readonly forGood: boolean };

/** What a thrown value means for an export. */
export function failureOf(error: unknown): Failure {
  if (error instanceof PermanentError) return { reason: error.message, forGood: true };
  if (error instanceof StoreError) {
    const reason = error.isFull
      ? "The file store is full."
      : "The file store cannot be reached just now.";
    return { reason, forGood: false };
  }
  if (error instanceof PdfError) return { reason: error.message, forGood: !error.transient };
  if (error instanceof postgres.PostgresError) {
    if (error.code.startsWith("PT")) {
      return { reason: error.detail ?? "The database refused.", forGood: true };
    }
    if (error.code.startsWith("22")) {
      return { reason: "A filter has a value that cannot be compared with.", forGood: true };
    }
    return { reason: "The database could not answer.", forGood: false };
  }
  return { reason: "Something went wrong on our side.", forGood: false };
}
