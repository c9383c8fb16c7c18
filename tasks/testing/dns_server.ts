/** A name server of a test's own: it answers each question for an IPv4 address with the next it is given. */
import { createSocket } from "node:dgram";
import { once } from "node:events";

export type DnsServer = { readonly address: string; close(): void };

const A = 1;
const HEADER_BYTES = 12;

/** @param answers one after the other; the last one stays. */
export async function openDnsServer(answers: readonly string[]): Promise<DnsServer> {
  const socket = createSocket("udp4");
  let asked = 0;
  socket.on("message", (query, { address, port }) => {
    const nameEnd = query.indexOf(0, HEADER_BYTES);
    const question = query.subarray(HEADER_BYTES, nameEnd + 5);
    const answer = answers[Math.min(asked, answers.length - 1)];
    const found = query.readUInt16BE(nameEnd + 1) === A && answer !== undefined;
    if (found) asked += 1;
    const header = Buffer.from(query.subarray(0, HEADER_BYTES));
    header.writeUInt16BE(0x8180, 2); // an answer, without an error
    header.writeUInt16BE(found ? 1 : 0, 6);
    header.writeUInt32BE(0, 8);
    // The name as in the question, class IN, to be kept for no time at all.
    const record = Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4]);
    const bytes = Buffer.from((answer ?? "").split(".").map(Number));
    socket.send(
      Buffer.concat(found ? [header, question, record, bytes] : [header, question]),
      port,
      address,
    );
  });
  await once(socket.bind(0, "127.0.0.1"), "listening");
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}
