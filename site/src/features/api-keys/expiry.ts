const DAY_MS = 86_400_000;

/** When something made now may end, by days from now. */
export const EXPIRIES = [
  { value: "7", label: "In a week" },
  { value: "30", label: "In a month" },
  { value: "90", label: "In three months" },
  { value: "365", label: "In a year" },
  { value: "", label: "Never" },
] as const;

/** The moment so many days from now; undefined for never. */
export function expiresAt(days: string): string | undefined {
  return days === "" ? undefined : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
}
