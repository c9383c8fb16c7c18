import type { ApiError } from "../../lib/api/client.ts";

/** Why a file was not taken, in plain words, and whether trying the same one again may help. */
export type Refusal = { text: string; hopeful: boolean };

const TEXTS: Record<string, string> = {
  unsupported_media_type:
    "Files of this kind are not taken: only pictures, PDF, office documents, texts, videos and zip files.",
  upload_mismatch: "What arrived is not what was sent: the file changed on the way.",
  rate_limited: "Too many files at once. Wait a moment, then try again.",
};

const HOPELESS = new Set(["too_large", "unsupported_media_type", "not_found", "forbidden"]);

/** @param fileName the refused file's. */
export function refusalOf({ code, message, fields }: ApiError, fileName: string): Refusal {
  if (code === "upload_mismatch" && fields.length > 0) {
    return { text: otherContent(fileName), hopeful: false };
  }
  // Without a field it is the tenant's storage that is used up, and the message says so.
  const tooLarge = code === "too_large" && fields.length > 0;
  const text = tooLarge ? "This file is larger than any that is taken." : (TEXTS[code] ?? message);
  const unfit = code === "validation_failed" ? fields[0]?.message : undefined;
  return { text: unfit ?? text, hopeful: !HOPELESS.has(code) && unfit === undefined };
}

/** Of a file whose content is another than its type: the type is what the name's ending says. */
function otherContent(fileName: string): string {
  const kind = /\.([a-z0-9]{1,8})$/i.exec(fileName)?.[1]?.toUpperCase();
  if (!kind) return "The content of this file is not of the kind it claims to be.";
  const article = /^[AEFHILMNORSX8]/.test(kind) ? "an" : "a";
  return `This is not ${article} ${kind} file, though its name says so.`;
}
