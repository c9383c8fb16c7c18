/**
 * The one way to declare an endpoint. From this table come the dispatch, the checks, and the OpenAPI
 * document; handler.ts runs it.
 */
import type { z } from "zod";
import type { Access, Context, Reply } from "./context.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One answer as the documentation shows it. */
export type Answer = {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Defaults to application/json. */
  readonly contentType?: string;
};

/** What a declaration says besides its handler. */
type Declaration<Path, A, P, Q, B> = {
  readonly method: Method;
  /** Below `/functions/v1`, with `:name` for parameters: `/orders/:id`. */
  readonly path: Path;
  readonly access: A;
  /** A line for the documentation. */
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** Path parameters; one that does not fit is a 404. Default: every `:name` is a UUID. */
  readonly params?: P;
  /** Query parameters, a strict object of strings going in; one that does not fit is a 400. */
  readonly query?: Q;
  /** The JSON body; one that does not fit is a 422. Without it only an empty body or `{}` is taken. */
  readonly body?: B;
  /** Whether `If-Match` is honoured. */
  readonly ifMatch?: true;
  /** Answers by status; the problem documents are added by themselves. */
  readonly answers: Readonly<Record<number, Answer>>;
};

/** `/orders/:id` has `{id: string}`. */
type PathParams<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [Key in Name]: string } & PathParams<`/${Rest}`>
  : Path extends `${string}:${infer Name}` ? { readonly [Key in Name]: string }
  : unknown;

type Output<T, Otherwise> = T extends z.ZodType ? z.output<T> : Otherwise;

/** A route with its types erased: what the dispatcher holds. */
export type Route = Declaration<string, Access, z.ZodType, z.ZodType, z.ZodType> & {
  readonly handle: (context: Context) => Promise<Reply> | Reply;
};

/**
 * Declares an endpoint. The handler's context is typed by the declaration: `params`, `query` and
 * `body` are what the schemas gave, `caller` and `db` are there unless the access is `public`.
 * A handler refuses by throwing a Problem (errors.ts); refusals of the database need no catching.
 */
export function route<
  const Path extends string,
  const A extends Access,
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  declaration: Declaration<Path, A, P, Q, B> & {
    readonly handle: (
      context: Context<
        A,
        Output<P, PathParams<Path>>,
        Output<Q, Record<string, never>>,
        Output<B, undefined>
      >,
    ) => Promise<Reply> | Reply;
  },
): Route {
  // The dispatcher hands each handler exactly what its own schemas produced, which the erased type
  // cannot say.
  return declaration as Route;
}
