/** What came out, against what it may be. */

export type Result = {
  readonly name: string;
  /** As a person reads it, unit included. */
  readonly figure: string;
  /** Unset: for information. */
  readonly limit?: string;
  readonly pass?: boolean;
};

/** A figure that may be no more than a limit. */
export function atMost(name: string, value: number, limit: number, unit = ""): Result {
  const show = (number: number) => `${Number(number.toFixed(2))}${unit}`;
  return { name, figure: show(value), limit: `≤ ${show(limit)}`, pass: value <= limit };
}

/** A figure that must be no less than a limit. */
export function atLeast(name: string, value: number, limit: number): Result {
  return { name, figure: value.toFixed(2), limit: `≥ ${limit}`, pass: value >= limit };
}

/** Something that must hold. */
export function holds(name: string, figure: string, pass: boolean): Result {
  return { name, figure, limit: "must hold", pass };
}

export const note = (name: string, figure: string): Result => ({ name, figure });

/** The results as lines of text. */
export function table(results: readonly Result[]): string {
  const wide = Math.max(...results.map(({ name }) => name.length));
  return results
    .map(({ name, figure, limit, pass }) => {
      const verdict = pass === undefined ? "" : pass ? "ok" : "FAILED";
      return `  ${name.padEnd(wide)}  ${figure.padStart(22)}  ${(limit ?? "").padEnd(11)}${verdict}`;
    })
    .map((line) => line.trimEnd())
    .join("\n");
}
