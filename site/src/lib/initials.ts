/** The first letters of the first words of a name, as many as `count`; of an address, its first letters. */
export function initials(name: string, count: number): string {
  const words =
    name
      .split("@")[0]
      ?.split(/[\s._-]+/u)
      .filter(Boolean) ?? [];
  return words
    .slice(0, count)
    .map((word) => [...word][0]?.toLocaleUpperCase() ?? "")
    .join("");
}
