/** `npm run db:check`: fails when migrations, slices and types do not agree. */
import { findDrift } from "./drift.ts";
import { main } from "./main.ts";

await main(async () => {
  const problems = await findDrift();
  if (problems.length > 0) throw new Error(problems.join("\n\n"));
  console.log("migrations, slices and types agree");
});
