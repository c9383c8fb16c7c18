const MAX_LENGTH = 40;

/** A proposal for a tenant's address: `Müller & Söhne` becomes `muller-sohne`. Empty where no letter is left. */
export function slugFrom(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, "");
}
