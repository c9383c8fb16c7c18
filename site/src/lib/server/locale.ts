const FALLBACK = "en-GB";

/**
 * The locale for numbers and dates, from `Accept-Language`: the first tag that Intl knows. The words of
 * the portal are English whatever it says.
 */
export function formattingLocale(header: string | null): string {
  for (const tag of preferredTags(header ?? "")) {
    try {
      const [known] = Intl.NumberFormat.supportedLocalesOf(tag);
      if (known) return known;
    } catch {
      // Not a language tag: the next one.
    }
  }
  return FALLBACK;
}

function preferredTags(header: string): string[] {
  return header
    .slice(0, 500)
    .split(",")
    .map((part) => {
      const [tag = "", quality] = part.trim().split(/\s*;\s*q=/);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, quality }) => /^[A-Za-z]/.test(tag) && quality > 0)
    .sort((left, right) => right.quality - left.quality)
    .map(({ tag }) => tag);
}
