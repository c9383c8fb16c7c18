/** Random choices that are the same on every machine. */
import { base, de, en, Faker, type LocaleDefinition } from "@faker-js/faker";

export type Random = {
  readonly faker: Faker;
  /** From `low` to `high`, both possible. */
  integer(low: number, high: number): number;
  /** True in `share` of all cases (0 to 1). */
  chance(share: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** The choice whose weight was drawn. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T;
  /** A UUID version 7 of that moment (milliseconds since 1970). */
  uuid(at: number): string;
};

/** One sequence of choices; the same seed gives the same sequence. */
export function randomOf(seed: number, locale: readonly LocaleDefinition[] = [en, de]): Random {
  const faker = new Faker({ locale: [...locale, en, base], seed });
  const fraction = () => faker.number.float();
  const random: Random = {
    faker,
    integer: (low, high) => low + Math.floor(fraction() * (high - low + 1)),
    chance: (share) => fraction() < share,
    pick: (choices) => {
      const choice = choices[Math.floor(fraction() * choices.length)];
      if (choice === undefined) throw new Error("nothing to pick from");
      return choice;
    },
    weighted: (choices) => {
      let left = fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of choices) {
        left -= weight;
        if (left < 0) return value;
      }
      return random.pick(choices)[1];
    },
    uuid: (at) => {
      const time = Math.floor(at).toString(16).padStart(12, "0");
      const digits = faker.string.hexadecimal({ length: 18, casing: "lower", prefix: "" });
      const variant = random.pick(["8", "9", "a", "b"]);
      return [
        time.slice(0, 8),
        time.slice(8),
        `7${digits.slice(0, 3)}`,
        `${variant}${digits.slice(3, 6)}`,
        digits.slice(6),
      ].join("-");
    },
  };
  return random;
}
