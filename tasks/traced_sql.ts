/** The worker's database, with a span for each statement that a task waits for. */
import type { Sql, TransactionSql } from "postgres";
import { inSpan, isTracing, openSpan } from "../functions/_shared/telemetry/tracing.ts";

const CLIENT = { kind: "client", attributes: { "db.system.name": "postgresql" } } as const;

/** The same client, watched; as it is while nothing is traced. */
export function tracedSql(sql: Sql): Sql {
  return isTracing() ? watchClient(sql) : sql;
}

function watchClient<Client extends Sql | TransactionSql>(client: Client): Client {
  return new Proxy(client, {
    apply(target, self, args) {
      const made: unknown = Reflect.apply(target, self, args);
      // Anything else is a piece of a statement.
      if (made instanceof Promise) watchStatement(made);
      return made;
    },
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if ((name !== "begin" && name !== "savepoint") || typeof value !== "function") return value;
      return (...args: unknown[]) =>
        inSpan("sql transaction", CLIENT, () =>
          Reflect.apply(
            value,
            target,
            args.map((one) => (typeof one === "function" ? watched(one) : one)),
          ),
        );
    },
  });
}

/** What is done inside a transaction is done with a client of its own. */
function watched(work: unknown) {
  return (tx: TransactionSql): unknown =>
    typeof work === "function" ? work(watchClient(tx)) : undefined;
}

/** A statement is sent when somebody waits for it, not when it is written. */
function watchStatement(statement: Promise<unknown>): void {
  let begun = false;
  const then = statement.then;
  // biome-ignore lint/suspicious/noThenProperty: a statement is one already.
  Object.defineProperty(statement, "then", {
    value: (...args: Parameters<typeof then>) => {
      if (!begun) {
        begun = true;
        const span = openSpan("sql", CLIENT);
        const asPromise = Promise.prototype.then.bind(statement);
        asPromise(
          (result: unknown) => {
            span.set(textOf(result));
            span.end();
          },
          (error: unknown) => span.end(error),
        );
      }
      return then.apply(statement, args);
    },
  });
}

/** As it was sent: with placeholders, without their values. */
function textOf(result: unknown): Record<string, string> {
  if (typeof result !== "object" || result === null || !("statement" in result)) return {};
  const { statement } = result;
  if (typeof statement !== "object" || statement === null || !("string" in statement)) return {};
  return { "db.query.text": String(statement.string).trim() };
}
