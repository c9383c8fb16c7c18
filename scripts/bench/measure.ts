/** How fast: requests over HTTP, statements over bare connections, in turns, as medians. */
import autocannon from "autocannon";
import type { PendingQuery, Row, Sql } from "postgres";
import type { Captured, Statement } from "./capture.ts";
import type { Client } from "./client.ts";

/** As many at a time as the limits speak of. */
export const CONNECTIONS = 16;

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
};

/** Something whose figure is taken once a round; what the figure means is its maker's affair. */
export type Scenario = { readonly name: string; readonly run: () => Promise<number> };

/**
 * Takes every scenario's figure in each round, so that whatever else the machine does meets all of
 * them alike; a first round to warm up does not count.
 * @returns each scenario's figures, a round each.
 */
export async function inRounds(
  rounds: number,
  scenarios: readonly Scenario[],
): Promise<Map<string, number[]>> {
  const figures = new Map<string, number[]>(scenarios.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    // Every other round the other way round: nobody always comes after the same one.
    for (const { name, run } of round % 2 ? scenarios : scenarios.toReversed()) {
      const figure = await run();
      if (round > 0) figures.get(name)?.push(figure);
    }
  }
  return figures;
}

/** Answers a second with so many connections. @throws Error when an answer is not 200. */
export async function requestRate(
  client: Client,
  path: string,
  amount: number,
  connections = CONNECTIONS,
): Promise<number> {
  const result = await autocannon({
    url: `${client.origin}${path}`,
    connections,
    amount,
    // It looks whether it is done only when it samples, each second unless told otherwise.
    sampleInt: 10,
    headers: client.headers,
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${path}: ${result.non2xx} answers were not 2xx, ${result.errors} failed`);
  }
  return amount / result.duration;
}

/** A prepared statement, as the functions send them; the driver sends unsafe text without parameters unprepared. */
function send(connection: Sql, { text, parameters }: Statement): PendingQuery<Row[]> {
  if (parameters.length > 0) {
    return connection.unsafe(text, [...parameters], { prepare: true });
  }
  return connection<Row[]>(Object.assign([text], { raw: [text] }));
}

/** One connection's way through a captured request, as the functions send it: in one round trip. */
async function replay(connection: Sql, { opening, query }: Captured): Promise<void> {
  const pending = [...opening, query, { text: "commit", parameters: [] }].map((statement) =>
    send(connection, statement).execute(),
  );
  await Promise.all(pending);
}

/** Replays a second over 16 connections of the functions' own login, without HTTP and functions. */
export async function replayRate(
  connections: readonly Sql[],
  captured: Captured,
  amount: number,
): Promise<number> {
  let left = amount;
  const began = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (left > 0) {
        left -= 1;
        await replay(connection, captured);
      }
    }),
  );
  return (amount * 1000) / (performance.now() - began);
}

/**
 * Milliseconds of the query alone, the median of `times`, on one connection inside its request.
 * @param sql one connection of the owner, who may become `authenticated`.
 * @param who whether row-level security applies.
 */
export async function queryTime(
  sql: Sql,
  { opening, query }: Captured,
  who: "caller" | "owner",
  times: number,
): Promise<number> {
  for (const statement of opening) await send(sql, statement);
  if (who === "owner") await sql.unsafe("reset role");
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    await send(sql, query);
    taken.push(performance.now() - began);
  }
  await sql.unsafe("rollback");
  return median(taken);
}
