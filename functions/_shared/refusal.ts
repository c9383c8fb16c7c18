import { problem } from "./contracts/common.ts";
import type { Answer } from "./route.ts";

/** A refusal as the documentation shows it. */
export function refusal(description: string): Answer {
  return { description, schema: problem, contentType: "application/problem+json" };
}
