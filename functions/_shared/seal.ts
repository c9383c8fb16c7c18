/** Answers at rest that nobody can read who has only the database. */
import { env } from "./env.ts";
import { makeSealer } from "./sealer.ts";

export const { seal, unseal } = makeSealer(env.JWT_SECRET, "kontor sealed text");
