/** A connection that takes no more than so many bytes: one value may be larger than all our memory. */
import { connect, type Socket } from "node:net";

export type Metered = {
  readonly socket: Socket;
  /** Whether it was closed because too much came. */
  overflown(): boolean;
};

/** Connects; resolves once the other side has answered. @throws the socket's error. */
export function meteredSocket(host: string, port: number, mostBytes: number): Promise<Metered> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let bytes = 0;
    let overflown = false;
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("data", (piece) => {
        bytes += piece.length;
        if (bytes <= mostBytes) return;
        overflown = true;
        socket.destroy();
      });
      resolve({ socket, overflown: () => overflown });
    });
  });
}
