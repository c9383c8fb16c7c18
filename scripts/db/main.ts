/** The frame of the db:* commands. */
import { explain } from "../stack/errors.ts";

/** Runs a command; what it throws is printed as a sentence, and the exit code is 1. */
export async function main(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    console.error(explain(error));
    process.exitCode = 1;
  }
}
