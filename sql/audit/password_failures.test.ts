/** The auth server's hook counts wrong passwords of one person, and stops taking any for a while. */
import { beforeEach, describe, expect, test } from "vitest";
import { owner, type Person, signIn, signUp } from "../../scripts/stack/testing.ts";

let person: Person;
beforeEach(async () => {
  person = await signUp();
});

/** What the hook answers to so many attempts, one after the other. */
async function attempt(valid: boolean, times = 1): Promise<string> {
  const event = JSON.stringify({ user_id: person.id, valid });
  const rows = await owner()<{ decision: string }[]>`
    select private.password_verification_attempt(${event}::text::jsonb) ->> 'decision' as decision
    from generate_series(1, ${times})`;
  return rows.at(-1)?.decision ?? "";
}

describe("wrong passwords in a row", () => {
  test("a hundred are answered; after that even the right one is refused, and nobody else's", async () => {
    expect(await attempt(false, 100)).toBe("continue");
    expect(await attempt(false)).toBe("reject");
    expect(await attempt(true)).toBe("reject");
    person = await signUp();
    expect(await attempt(true)).toBe("continue");
  });

  test("more of them do not make it longer: an hour after the last that counted it is over", async () => {
    await attempt(false, 100);
    await owner()`
      update private.password_failures set last_at = now() - interval '59 minutes'
      where person = ${person.id}`;
    expect(await attempt(false, 5)).toBe("reject");
    await owner()`
      update private.password_failures set last_at = last_at - interval '2 minutes'
      where person = ${person.id}`;
    expect(await attempt(true)).toBe("continue");
    expect(await attempt(false)).toBe("continue");
    const [row] = await owner()<{ failures: number }[]>`
      select failures from private.password_failures where person = ${person.id}`;
    expect(row?.failures).toBe(1);
  });

  test("signing in, by a mail's code as well, forgets them", async () => {
    expect(await attempt(false, 99)).toBe("continue");
    await signIn(person.email);
    const left = await owner()`select from private.password_failures where person = ${person.id}`;
    expect(left).toHaveLength(0);
    expect(await attempt(false, 100)).toBe("continue");
  });
});
