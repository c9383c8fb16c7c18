/** Kinds of values in the environment, each saying in a line what it expects. */
import { z } from "zod";

/** A whole number; `what` names it in the message. */
function whole(what: string, least: number, most: number) {
  const fits = (text: string) =>
    /^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most;
  return z
    .string()
    .refine(fits, { error: ({ input }) => `${what}, not "${input}"` })
    .transform(Number);
}

/** A TCP port. */
export const port = (fallback: number) =>
  whole("a port from 1 to 65535", 1, 65_535).default(fallback);

/** How many of something. */
export const count = (least: number) =>
  whole(`a whole number of at least ${least}`, least, Number.MAX_SAFE_INTEGER);

/**
 * An address without a slash at its end. The message shows `example` and not what was given: there may
 * be a password in it.
 */
export const address = (protocol: RegExp, example: string) =>
  z
    .url({ protocol, error: `an address such as ${example}` })
    .transform((value) => value.replace(/\/+$/, ""));

/** One of some words. */
export const oneOf = <const W extends readonly string[]>(words: W) =>
  z.enum(words, { error: ({ input }) => `one of ${words.join(", ")}, not "${input}"` });

/** On or off. */
export const flag = () =>
  z.stringbool({ error: ({ input }) => `1 or 0, not "${input}"` }).default(false);
