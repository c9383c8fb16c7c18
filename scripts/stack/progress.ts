/** The lines a person sees while the stack runs. */

const began = performance.now();

/** Seconds since the process began to start the stack. */
export function elapsed(): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}

/** One line about one part or step. */
export function say(subject: string, text: string): void {
  console.log(`  ${elapsed().padStart(5)} s  ${subject.padEnd(10)} ${text}`);
}
