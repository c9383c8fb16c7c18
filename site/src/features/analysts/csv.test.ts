import { describe, expect, it } from "vitest";
import { toCsv } from "./csv.ts";

const csv = (...values: Parameters<typeof toCsv>[0]["rows"][number]) =>
  toCsv({
    columns: values.map((_, at) => ({ name: `c${at}`, type: "text" })),
    rows: [values],
    row_count: 1,
    truncated: false,
    ms: 1,
  }).then((text) => text.split("\r\n").slice(1).join("\r\n"));

describe("a result as CSV", () => {
  it("has a header, quotes what needs it, and leaves null empty", async () => {
    expect(await csv('say "hi"', "a,b", "two\nlines", null, true, { a: [1] })).toBe(
      '"say ""hi""","a,b","two\nlines",,true,"{""a"":[1]}"\r\n',
    );
  });

  it("runs no formula, and leaves numbers numbers", async () => {
    expect(await csv("=1+1", "+1", "-1", "@x", "\tx", "＝1", -1.5, 2)).toBe(
      "'=1+1,'+1,'-1,'@x,'\tx,'＝1,-1.5,2\r\n",
    );
    expect(await csv("\n=1", "\r=1")).toBe('"\'\n=1","\'\r=1"\r\n');
  });
});
