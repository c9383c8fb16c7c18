/** One moment of the database, as the person who asked may see it. */
import type { Readable } from "node:stream";
import postgres, { type Sql, type TransactionSql } from "postgres";
import type { Fragment } from "../../functions/_shared/context.ts";
import { asPerson } from "../as_person.ts";
import type { Column, Kind } from "./columns.ts";
import { selectionOf } from "./selection.ts";
import type { Wanted } from "./wanted.ts";

/** As many rows are fetched, and held, at a time. */
const BATCH = 500;

export type Cell = string | number | boolean | null;

export type Snapshot = {
  readonly columns: readonly Column[];
  /** How many rows there are. */
  readonly total: number;
  /** The minor digits of every currency. */
  readonly digits: ReadonlyMap<string, number>;
  /** The rows as CSV that Postgres writes: without a header, one row in each chunk, ending in LF. */
  csv(): Promise<Readable>;
  /**
   * The rows in batches, a cell for each column and the row's currency after them.
   * @param time SQL for a moment, given SQL for the tenant's own wall clock.
   */
  rows(time: (local: string) => string): AsyncIterable<Cell[][]>;
};

type Reading = {
  readonly databaseUrl: string;
  /** Another connection, to stop a statement under way. */
  readonly sql: Sql;
  readonly signal: AbortSignal;
};

/**
 * Opens a connection of its own for one export and reads through it.
 * @throws what `signal` was aborted with, PT403 for who may not export (any more), and whatever the
 *   database says.
 */
export async function readSnapshot<T>(
  wanted: Wanted,
  { databaseUrl, sql, signal }: Reading,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const sent: Sent = { text: "", parameters: [] };
  const client = postgres(databaseUrl, {
    max: 1,
    connect_timeout: 5,
    onnotice: () => {},
    connection: {
      application_name: "kontor-worker export",
      TimeZone: "UTC",
      DateStyle: "ISO",
      statement_timeout: 0,
    },
    debug: (_connection, text, parameters) => Object.assign(sent, { text, parameters }),
  });
  let stop = () => {};
  let failure: { readonly error: unknown } | undefined;
  signal.addEventListener("abort", () => stop(), { once: true });
  const { tenant, requested_by: person } = wanted;
  try {
    return await asPerson(client, { tenant: tenant.id, person, role: "member" }, async (tx) => {
      const [backend] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      stop = () => {
        // Not merely cancelled: a statement whose rows nobody reads does not listen to that.
        sql`select pg_terminate_backend(${backend?.pid ?? 0})`.catch(() => {});
        void client.end({ timeout: 1 });
      };
      try {
        signal.throwIfAborted();
        return await work(await open(client, tx, wanted, sent));
      } catch (error) {
        failure = { error };
        stop();
        throw error;
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    // Rather than that the connection was lost thereby.
    throw failure === undefined ? error : failure.error;
  } finally {
    await client.end({ timeout: 1 });
  }
}

/** What the driver sent last. */
type Sent = { text: string; parameters: readonly unknown[] };

async function open(
  client: Sql,
  tx: TransactionSql,
  wanted: Wanted,
  sent: Sent,
): Promise<Snapshot> {
  const { from, order, columns } = selectionOf(client, wanted);
  const [counted] = await tx<{ total: number }[]>`select count(*)::float8 as total from ${from}`;
  const currencies = await tx<{ code: string; digits: number }[]>`
    select code, minor_digits as digits from public.currencies`;
  return {
    columns,
    total: counted?.total ?? 0,
    digits: new Map(currencies.map(({ code, digits }) => [code, digits])),
    async csv() {
      const cells = client.unsafe(columns.map(csvCell).join(", "));
      const select = client`select ${cells} from ${from} order by ${order}`;
      return await copyOut(tx, select, sent);
    },
    rows(time) {
      const cells = columns.map((column) => typedCell(column, time).replaceAll("$zone", ZONE));
      const currency = wanted.entity === "customers" ? "null::text" : "list.currency";
      return tx<Record<string, Cell>[]>`
        select ${client.unsafe([...cells, currency].join(", "))}
        from (select ${wanted.tenant.time_zone}::text as name) as zone, ${from}
        order by ${order}`
        .values()
        .cursor(BATCH) as AsyncIterable<Cell[][]>;
    },
  };
}

const ZONE = "zone.name";

/**
 * The rows of a query through COPY, which takes no parameters: their values are quoted by the server
 * itself and put in their places. Those are the only `$` in statements of ours.
 */
async function copyOut(tx: TransactionSql, select: Fragment, sent: Sent): Promise<Readable> {
  await tx`${select}`.describe();
  const { text, parameters } = sent;
  const quoted = await tx<{ literal: string }[]>`
    select quote_nullable(value) as literal
    from unnest(${parameters.map(String)}::text[]) with ordinality as given (value, place)
    order by place`;
  const whole = text.replace(/\$(\d+)/g, (_, place) => {
    const found = quoted[Number(place) - 1];
    if (found === undefined) throw new Error("a parameter without a value");
    return found.literal;
  });
  return await tx.unsafe(`copy (${whole}) to stdout (format csv)`).readable();
}

/** The characters that make a spreadsheet take a cell for a formula: tab, LF, CR, + - = @, wide + - = @ */
const RISKY = "9, 10, 13, 43, 45, 61, 64, 65291, 65293, 65309, 65312";

/** A cell as CSV has it. Times are as the API writes them, in UTC, which the session's zone is. */
function csvCell({ kind, sql }: Column): string {
  const cells: Readonly<Record<Kind, string>> = {
    text: `case when ascii(${sql}) in (${RISKY}) then '''' || ${sql} else ${sql} end`,
    word: sql,
    amount: sql,
    number: sql,
    time: `replace(${sql}::text, ' ', 'T') || ':00'`,
    yes_no: `${sql}::text`,
  };
  return cells[kind];
}

function typedCell({ kind, sql }: Column, time: (local: string) => string): string {
  const cells: Readonly<Record<Kind, string>> = {
    text: sql,
    word: `${sql}::text`,
    amount: `${sql}::float8`,
    number: `${sql}::float8`,
    time: time(`(${sql} at time zone $zone)`),
    yes_no: sql,
  };
  return cells[kind];
}
