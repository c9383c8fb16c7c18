/**
 * Writes that PostgREST refuses are rolled back, and with them all that could have been noted there: the
 * functions are told and note it, as an Envoy in production tells them (access.lua).
 */
import { PassThrough, type Writable } from "node:stream";
import type { Answering } from "../../../site/server/http/server.ts";

const LONGEST_ANSWER = 4_000;
const ANSWERS_WITHIN_MS = 5_000;

export type RefusedWrite = {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  /** The caller's, as the functions take it: of an API key the key itself. */
  readonly authorization: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
};

/** Whether what is asked of /rest/v1 may write. */
export function isWrite(method: string): boolean {
  return !["GET", "HEAD", "OPTIONS"].includes(method);
}

/**
 * Makes what tells the functions of a refused write, by the answer it got. Nobody waits for that.
 * @param functions where the functions answer, /functions/v1 included.
 * @param serviceRoleKey by which they know the gateway.
 */
export function createRefusals(functions: string, serviceRoleKey: string, log: Answering["log"]) {
  async function tell({ method, path, authorization, headers }: RefusedWrite, answer: string) {
    const given = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const response = await fetch(`${functions}/audit/refusals`, {
      method: "POST",
      headers: {
        ...Object.fromEntries(given),
        authorization,
        apikey: serviceRoleKey,
        "content-type": "application/json",
        "x-forwarded-prefix": "/rest/v1",
      },
      body: `{"method":${JSON.stringify(method)},"path":${JSON.stringify(path)},"answer":${answer}}`,
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the functions answered ${response.status}`);
  }

  /** Where the answer to a write goes on its way to the client: noted, if it is a refusal. */
  return (refused: RefusedWrite, status: number, client: Writable): Writable => {
    if (status !== 403) return client;
    const parts: Buffer[] = [];
    const way = new PassThrough();
    way.on("data", (part: Buffer) => parts.push(part));
    way.once("end", () => {
      const answer = Buffer.concat(parts);
      if (answer.length > LONGEST_ANSWER) return;
      tell(refused, answer.toString("utf8")).catch((error: unknown) =>
        log({ err: { message: String(error) } }, "a refused write was not noted"),
      );
    });
    way.pipe(client);
    return way;
  };
}
