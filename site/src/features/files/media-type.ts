/** Names' endings that browsers know by no media type, or on some systems by a wrong one. */
const BY_ENDING: Record<string, string> = {
  csv: "text/csv",
  eml: "message/rfc822",
  heic: "image/heic",
  heif: "image/heif",
  ics: "text/calendar",
  json: "application/json",
  log: "text/plain",
  md: "text/markdown",
  msg: "application/vnd.ms-outlook",
  tsv: "text/tab-separated-values",
  txt: "text/plain",
  vcf: "text/vcard",
  zip: "application/zip",
};

/** The media type to announce for a file: by its name where that tells, else what the browser says. */
export function mediaTypeOf({ name, type }: Pick<File, "name" | "type">): string {
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return BY_ENDING[ending] ?? (type || "application/octet-stream");
}
