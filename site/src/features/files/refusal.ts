import type { ApiError } from "../../lib/api/client.ts";

/** Why a file was not taken, in plain words, and whether trying the same one again may help. */
export type Refusal = { text: string; hopeful: boolean };

const TEXTS: Record<string, string> = {
  unsupported_media_type:
    "Files of this kind are not taken: only pictures, PDF, office documents, texts, videos and zip files.",
  upload_mismatch:
    "What arrived is not what was announced: the content does not fit the file's kind, or it changed on the way.",
  rate_limited: "Too many files at once. Wait a moment, then try again.",
};

const HOPELESS = new Set(["too_large", "unsupported_media_type", "not_found", "forbidden"]);

export function refusalOf({ code, message, fields }: ApiError): Refusal {
  // Without a field it is the tenant's storage that is used up, and the message says so.
  const tooLarge = code === "too_large" && fields.length > 0;
  const text = tooLarge ? "This file is larger than any that is taken." : (TEXTS[code] ?? message);
  const unfit = code === "validation_failed" ? fields[0]?.message : undefined;
  return { text: unfit ?? text, hopeful: !HOPELESS.has(code) && unfit === undefined };
}
