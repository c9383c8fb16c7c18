/** A part that is an HTTP server inside the launcher: listening, probing and stopping in one place. */
import type { RequestListener, Server, ServerOptions } from "node:http";
import { createServer } from "node:http";
import { closeServer } from "../../../site/server/http/server.ts";
import { StackError } from "../errors.ts";
import type { Part } from "../part.ts";

export type HttpPartSpec = {
  name: string;
  needs: readonly string[];
  port: number;
  /** Makes what answers; called again at every start, so that a restart begins afresh. */
  open(): Promise<{
    listener: RequestListener;
    /** Further wiring of the server, before it listens. */
    prepare?: (server: Server) => void;
    /** Releases what `open` took, after the server is closed. */
    close(): Promise<void>;
  }>;
  /** A path that answers below 500 while the part is well. */
  probe: string;
  options?: ServerOptions;
};

/** Listens on 127.0.0.1. @throws StackError that names the port when it is taken. */
export function listen(server: Server, port: number, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      const taken = "code" in error && error.code === "EADDRINUSE";
      reject(
        new StackError(taken ? `${name}: port ${port} is in use` : `${name}: ${error.message}`),
      );
    };
    server.once("error", failed);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", failed);
      resolve();
    });
  });
}

/** Wraps an HTTP server as a part of the stack. */
export function httpPart(spec: HttpPartSpec): Part {
  let running: { server: Server; close(): Promise<void> } | undefined;
  let exited: (reason: string) => void = () => {};
  return {
    name: spec.name,
    needs: spec.needs,
    async start() {
      const opened = await spec.open();
      const server = createServer(spec.options ?? {}, opened.listener);
      opened.prepare?.(server);
      try {
        await listen(server, spec.port, spec.name);
      } catch (error) {
        await opened.close();
        throw error;
      }
      server.on("error", (error) => exited(error.message));
      running = { server, close: opened.close };
    },
    async healthy() {
      if (!running) return false;
      try {
        const response = await fetch(`http://127.0.0.1:${spec.port}${spec.probe}`, {
          signal: AbortSignal.timeout(2000),
        });
        await response.body?.cancel();
        return response.status < 500;
      } catch {
        return false;
      }
    },
    async stop() {
      const stopping = running;
      running = undefined;
      if (!stopping) return;
      await closeServer(stopping.server);
      await stopping.close();
    },
    onExit(listener) {
      exited = listener;
    },
  };
}
