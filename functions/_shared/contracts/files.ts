/** Files of orders, customers, products and of the tenant itself: what is announced, what comes out. */
import { z } from "zod";
import { listOf, paging, text, uuid } from "./common.ts";

/**
 * What may be uploaded, and how its bytes are known: by a signature at their beginning that
 * `file-type` calls one of these names, or `text`, which has none. Nothing that a computer runs, no
 * macros, nothing of unknown kind.
 */
export const FILE_TYPES: ReadonlyMap<string, "text" | readonly string[]> = new Map(Object.entries({
  "image/png": ["image/png", "image/apng"],
  "image/jpeg": ["image/jpeg"],
  "image/gif": ["image/gif"],
  "image/webp": ["image/webp"],
  "image/avif": ["image/avif"],
  "image/heic": ["image/heic", "image/heif", "image/heic-sequence"],
  "image/heif": ["image/heif", "image/heic", "image/heif-sequence"],
  "image/bmp": ["image/bmp"],
  "image/tiff": ["image/tiff"],
  "image/svg+xml": "text",
  "application/pdf": ["application/pdf"],
  "application/rtf": ["application/rtf"],
  "application/zip": ["application/zip"],
  ...zipped("application/vnd.openxmlformats-officedocument", [
    "wordprocessingml.document",
    "spreadsheetml.sheet",
    "presentationml.presentation",
  ]),
  ...zipped("application/vnd.oasis.opendocument", ["text", "spreadsheet", "presentation"]),
  "application/msword": ["application/x-cfb"],
  "application/vnd.ms-excel": ["application/x-cfb"],
  "application/vnd.ms-powerpoint": ["application/x-cfb"],
  "application/vnd.ms-outlook": ["application/x-cfb", "application/vnd.ms-outlook"],
  "message/rfc822": "text",
  "text/plain": "text",
  "text/csv": "text",
  "text/tab-separated-values": "text",
  "text/markdown": "text",
  "text/calendar": "text",
  "text/vcard": "text",
  "text/html": "text",
  "text/xml": "text",
  "application/xml": "text",
  "application/json": "text",
  "video/mp4": ["video/mp4", "video/x-m4v"],
  "video/quicktime": ["video/quicktime"],
}));

/** Office documents are zip files; where their first bytes do not say more, that has to do. */
function zipped(prefix: string, names: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(names.map((name) => {
    const type = `${prefix}.${name}`;
    return [type, [type, "application/zip"]];
  }));
}

/** Types that a browser may show on a page of its own; all others are only ever saved. */
export const INLINE_TYPES: ReadonlySet<string> = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/bmp",
  "application/pdf",
]);

/** Control characters, and those that turn a name's letters round: `gpj.exe` would read `exe.jpg`. */
const MISLEADING = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** Any name but an unprintable one. It is only stored and shown, never made part of a path. */
export const fileName = () =>
  text(255, 1).refine((name) => !MISLEADING.test(name), {
    error: "Must not contain line breaks or other control characters.",
  }).meta({ example: "Invoice 2026-001.pdf" });

/** What browsers on Windows, and old ones, call some types. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["image/jpg", "image/jpeg"],
  ["image/pjpeg", "image/jpeg"],
  ["application/x-zip-compressed", "application/zip"],
  ["text/rtf", "application/rtf"],
]);

function usualName(mediaType: string): string {
  const name = (mediaType.split(";")[0] ?? "").trim().toLowerCase();
  return OTHER_NAMES.get(name) ?? name;
}

/** A media type by its usual name; its parameters (`; charset=…`) are left out. */
export const contentType = () =>
  z.string().max(255).transform(usualName)
    .pipe(
      z.string().regex(/^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9][\w!#$&^.+-]{0,126}$/, {
        error: "A media type, such as application/pdf.",
      }),
    ).meta({ example: "application/pdf" });

const sha256 = () =>
  z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits in lower case.")
    .meta({ description: "SHA-256 of the bytes, in lower-case hexadecimal" });

export const entityType = z.enum(["order", "customer", "product", "tenant"]).meta({
  description: "tenant: pictures to become its logo, PNG, JPEG or WebP of at most 1 MiB; admins",
});

/** What a logo may be. */
export const LOGO_TYPES: readonly string[] = ["image/png", "image/jpeg", "image/webp"];
export const MAX_LOGO_BYTES = 1024 * 1024;

/** The body of `POST /uploads/presign`. */
export const uploadAnnouncement = z.strictObject({
  file_name: fileName(),
  content_type: contentType(),
  byte_size: z.int().min(0).meta({ description: "Exactly as many bytes as will be sent" }),
  sha256: sha256().nullish(),
  entity_type: entityType,
  entity_id: uuid(),
}).meta({ id: "UploadAnnouncement" });
export type UploadAnnouncement = z.infer<typeof uploadAnnouncement>;

/** Where and how the bytes are to be sent. */
export const presignedUpload = z.object({
  attachment_id: z.uuid(),
  method: z.literal("PUT"),
  url: z.url(),
  headers: z.record(z.string(), z.string()).meta({ description: "To be sent as they are" }),
  expires_at: z.iso.datetime(),
}).meta({ id: "PresignedUpload" });
export type PresignedUpload = z.infer<typeof presignedUpload>;

/** A file as every answer shows it. */
export const attachment = z.object({
  id: z.uuid(),
  entity_type: entityType,
  entity_id: z.uuid(),
  file_name: z.string(),
  content_type: z.string(),
  byte_size: z.int(),
  sha256: z.string().nullable(),
  status: z.enum(["pending", "ready"]),
  preview: z.enum(["none", "pending", "ready"]).meta({
    description: "A small picture of a picture or of a PDF's first page; pending while it is made",
  }),
  created_by: z.uuid().nullable(),
  created_at: z.iso.datetime({ offset: true }),
}).meta({ id: "Attachment" });
export type Attachment = z.infer<typeof attachment>;

export const attachmentList = listOf(attachment).meta({ id: "AttachmentList" });

/** The query of `GET /attachments`. */
export const attachmentListQuery = z.strictObject({
  entity_type: entityType,
  entity_id: uuid(),
  sort: z.enum(["created_at", "-created_at"]).default("created_at"),
  ...paging,
});
export type AttachmentListQuery = z.infer<typeof attachmentListQuery>;

/** The query of `GET /attachments/:id/download`. */
export const downloadQuery = z.strictObject({
  inline: z.enum(["1"]).optional().meta({
    description: "To look at: images and PDF only; all else is saved whatever this says",
  }),
  redirect: z.enum(["false"]).optional().meta({
    description: "Answer 200 with the address instead of going there",
  }),
});

/** The query of `GET /attachments/:id/preview`. */
export const previewQuery = downloadQuery.omit({ inline: true });

/** A short-lived address. */
export const downloadLink = z.object({ url: z.url(), expires_at: z.iso.datetime() })
  .meta({ id: "DownloadLink" });
