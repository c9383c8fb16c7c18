import { expect, it } from "vitest";
import { inTurn } from "./in-turn.ts";

it("does one at a time, and once more for all who asked meanwhile", async () => {
  const done: string[] = [];
  let finish = () => {};
  const work = inTurn(async () => {
    done.push("begun");
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    done.push("ended");
  });
  const first = work();
  const others = [work(), work(), work()];
  expect(done).toEqual(["begun"]);
  finish();
  await first;
  await expect.poll(() => done).toEqual(["begun", "ended", "begun"]);
  finish();
  await Promise.all(others);
  expect(done).toEqual(["begun", "ended", "begun", "ended"]);
});

it("goes on after a failure, which its caller is told", async () => {
  let times = 0;
  const work = inTurn(async () => {
    times++;
    if (times === 1) throw new Error("no");
  });
  await expect(work()).rejects.toThrow("no");
  await work();
  expect(times).toBe(2);
});
