/**
 * The one connection of this process that listens to the database (sql/55_live.sql). The driver makes
 * a lost one again; whether it still hears anything is tried by saying something oneself.
 */
import postgres, { type Sql } from "postgres";
import { z } from "zod";
import { env } from "../_shared/env.ts";
import { log } from "../_shared/log.ts";
import { sql } from "../_shared/pool.ts";

/** How often it is tried. What was not heard by the next time is not going to be heard. */
const TRY_MS = 10_000;

/** What the database says: which tenant, which kind, and that kind's ids. */
const notice = z.looseObject({ tenant_id: z.guid(), kind: z.string() });
export type Notice = z.infer<typeof notice>;

type Ears = {
  onNotice(notice: Notice): void;
  /** The connection was lost and made again: notices may be missing. */
  onGap(): void;
};

export type Listener = {
  /**
   * Resolves when the database is listened to.
   * @throws the database's error when it is not there.
   */
  ready(): Promise<void>;
  close(): Promise<void>;
};

/** Makes a listener that connects when it is first asked to be ready. */
export function makeListener({ onNotice, onGap }: Ears): Listener {
  let opened: Promise<Sql> | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  let heard = "";
  let said = "";

  async function open(): Promise<Sql> {
    const [row] = await sql<{ channel: string }[]>`select private.live_channel() as channel`;
    const channel = row?.channel ?? "";
    const client = postgres(env.DATABASE_URL, {
      connect_timeout: 5,
      onnotice: () => {},
      connection: { application_name: "kontor_functions live" },
    });
    let first = true;
    try {
      await client.listen(channel, hear, () => {
        if (!first) gap();
        first = false;
      });
    } catch (error) {
      await client.end({ timeout: 0 });
      throw error;
    }
    said = heard = "";
    clearInterval(timer);
    timer = setInterval(() => void tryHearing(channel), TRY_MS);
    return client;
  }

  function hear(text: string): void {
    if (text === said) heard = text;
    else {
      const parsed = notice.safeParse(parse(text));
      if (parsed.success) onNotice(parsed.data);
    }
  }

  function gap(): void {
    log.warn("the connection that listens was made again");
    onGap();
  }

  async function tryHearing(channel: string): Promise<void> {
    try {
      if (said !== heard) await reopen();
      said = crypto.randomUUID();
      await sql`select pg_notify(${channel}, ${said})`;
    } catch (error) {
      log.warn({ err: { message: String(error) } }, "the database cannot be listened to");
    }
  }

  async function reopen(): Promise<void> {
    const deaf = opened;
    opened = open();
    await deaf?.then((client) => client.end({ timeout: 0 })).catch(() => {});
    await opened;
    gap();
  }

  return {
    async ready() {
      opened ??= open();
      try {
        await opened;
      } catch (error) {
        opened = undefined;
        throw error;
      }
    },
    async close() {
      clearInterval(timer);
      const client = await opened?.catch(() => undefined);
      opened = undefined;
      await client?.end({ timeout: 0 });
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
