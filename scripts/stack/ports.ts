/** The four public ports, checked before anything starts, and free ones for the inner parts. */
import { connect, createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Env } from "../env.ts";
import { StackError } from "./errors.ts";
import type { Ports } from "./part.ts";
import { say } from "./progress.ts";

const HOST = "127.0.0.1";
// Below the range from which systems take the ports of outgoing connections, so that nobody is
// given one of ours between the look and the start.
const INNER_FIRST = 20_000;
const INNER_LAST = 31_999;
const RETRY_MS = 500;
const OUTGOING_MS = 65_000;

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: HOST, exclusive: true }, () => resolve(server));
  });
}

/** Whether somebody accepts connections there. */
function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST, timeout: 1000 });
    const answer = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(true));
    socket.once("error", () => answer(false));
  });
}

async function reserve(port: number, variable: string): Promise<Server> {
  for (let waited = 0; ; waited += RETRY_MS) {
    try {
      return await listen(port);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code !== "EADDRINUSE") {
        throw new StackError(
          `port ${port} cannot be used (${code}); set ${variable} to another one`,
        );
      }
    }
    // A port may also be held by one end of somebody's outgoing connection, a minute longer than
    // that lasts: the system hands out the ports around 54321 for those.
    if (waited > OUTGOING_MS || (await isListening(port))) {
      throw new StackError(
        `port ${port} is in use by another program; free it, or set ${variable} to another one`,
      );
    }
    if (waited === 0) {
      say(
        "launcher",
        `port ${port} (${variable}) is held by a closing connection, waiting up to a minute`,
      );
    }
    await sleep(RETRY_MS);
  }
}

async function reserveFree(): Promise<Server> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const span = INNER_LAST - INNER_FIRST + 1;
    const server = await listen(INNER_FIRST + Math.floor(Math.random() * span)).catch(() => null);
    if (server) return server;
  }
  throw new StackError(`no free port between ${INNER_FIRST} and ${INNER_LAST} on ${HOST}`);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/**
 * Picks every port of the stack.
 * @throws StackError naming the port and its variable when a public one is taken.
 */
export async function pickPorts(env: Env): Promise<Ports> {
  const held: Server[] = [];
  const hold = async (reservation: Promise<Server>) => {
    const server = await reservation;
    held.push(server);
    return portOf(server);
  };
  const inner = () => hold(reserveFree());
  try {
    return {
      gateway: await hold(reserve(env.API_PORT, "API_PORT")),
      database: env.DATABASE_URL ? 0 : await hold(reserve(env.DB_PORT, "DB_PORT")),
      mail: env.SMTP_URL ? 0 : await hold(reserve(env.MAIL_PORT, "MAIL_PORT")),
      portal: await hold(reserve(env.PORTAL_PORT, "PORTAL_PORT")),
      auth: await inner(),
      rest: await inner(),
      restAdmin: await inner(),
      s3: await inner(),
      functions: await inner(),
      worker: await inner(),
      functionsMetrics: await inner(),
      portalMetrics: await inner(),
      smtp: await inner(),
      pdf: await inner(),
    };
  } finally {
    await Promise.all(held.map((server) => new Promise((done) => server.close(done))));
  }
}

/** Four free ports as environment variables, for a second stack beside a running one. */
export async function freePublicPorts(): Promise<Record<string, string>> {
  const servers = await Promise.all([1, 2, 3, 4].map(() => reserveFree()));
  const [api, database, mail, portal] = servers.map((server) => String(portOf(server)));
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return {
    API_PORT: api ?? "",
    DB_PORT: database ?? "",
    MAIL_PORT: mail ?? "",
    PORTAL_PORT: portal ?? "",
  };
}
