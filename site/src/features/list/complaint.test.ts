import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { fieldErrors } from "../../../../functions/_shared/body.ts";
import { orderListQuery } from "../../../../functions/_shared/contracts/orders.ts";
import { complaint } from "./complaint.ts";

function complaints(schema: z.ZodType, search: string): string[] {
  const asked = new URLSearchParams(search);
  const { error } = schema.safeParse(Object.fromEntries(asked));
  return error ? fieldErrors(error).map((one) => complaint(one, asked)) : [];
}

describe("a parameter that is refused", () => {
  it.each([
    ["status=bogus", "The status “bogus” does not exist."],
    ["status=pending,bogus", "The status “bogus” does not exist."],
    ["sort=color", "The order of the list “color” does not exist."],
    ["customer_id=1", "The customer “1” cannot be understood."],
    ["total_min=x", "The smallest total “x” cannot be understood."],
    ["placed_from=x", "The first day “x” cannot be understood."],
  ])("?%s", (search, text) => {
    expect(complaints(orderListQuery, search)).toEqual([text]);
  });
});
