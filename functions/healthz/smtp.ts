const DEFAULT_PORTS: Readonly<Record<string, number>> = { "smtp:": 25, "smtps:": 465 };

/** Whether a mail server greets at this address: null when it does, otherwise what it did. */
export async function greetsAsMailServer(url: string, signal: AbortSignal): Promise<string | null> {
  const { protocol, hostname, port } = new URL(url);
  const address = {
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (DEFAULT_PORTS[protocol] ?? 25),
  };
  const connecting = protocol === "smtps:" ? Deno.connectTls(address) : Deno.connect(address);
  const close = () => void connecting.then((connection) => connection.close()).catch(() => {});
  signal.addEventListener("abort", close, { once: true });
  try {
    const connection = await connecting;
    const greeting = new Uint8Array(3);
    await connection.read(greeting);
    if (new TextDecoder().decode(greeting) !== "220") return "does not greet as a mail server";
    // A polite end, so that the server does not log a broken conversation.
    await connection.write(new TextEncoder().encode("QUIT\r\n"));
    return null;
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}
