/** What draw.ts and the program it starts agree on. */

/** `logo`: what a document's head shows of a tenant's logo. */
export type Purpose = "file" | "logo";

/** The exit code that says: nothing can be drawn of this. */
export const NOT_DRAWABLE = 3;
