/** Who is listening in this process, and what of a tenant's news each of them is told. */
import type { Caller, CallerDatabase } from "../_shared/context.ts";
import { type LiveEvent, liveEvent } from "../_shared/contracts/events.ts";
import { Problem } from "../_shared/errors.ts";
import { makeListener, type Notice } from "./listener.ts";
import { openStream, type Stream } from "./stream.ts";

/** Several windows on several machines; more is a mistake. */
const MAX_PER_PERSON = 30;
const MAX_IN_ALL = 5_000;
const RETRY_AFTER_SECONDS = "30";
/** What happens within so many milliseconds is told at once, and the same thing once. */
const GATHER_MS = 100;

/** The active tenant, and which kinds the caller is told of. */
type Access = { readonly tenant: string } & Readonly<Record<LiveEvent["kind"], boolean>>;

type Seat = {
  readonly person: string;
  access: Access;
  readonly stream: Stream;
  /** Looks at the caller's access again, and ends the stream of who has none. */
  recheck(): void;
};

const seats = new Map<string, Set<Seat>>();
const gathered = new Map<string, Map<string, LiveEvent>>();

const listener = makeListener({
  onNotice(notice) {
    const { tenant_id, kind } = notice;
    if (!seats.has(tenant_id)) return;
    if (kind === "access") { for (const seat of [...(seats.get(tenant_id) ?? [])]) seat.recheck(); }
    else gather(tenant_id, notice);
  },
  onGap() {
    for (const tenant of seats.keys()) tell(tenant, [{ kind: "refresh" }]);
  },
});

/**
 * Opens a stream of what happens in the caller's active tenant.
 * @throws Problem 429 rate_limited when the person, or everybody, has too many; the database's error.
 */
export async function takeSeat(
  caller: Caller,
  db: CallerDatabase,
): Promise<ReadableStream<Uint8Array>> {
  const all = [...seats.values()].flatMap((some) => [...some]);
  const own = all.filter(({ person }) => person === caller.id);
  if (own.length >= MAX_PER_PERSON || all.length >= MAX_IN_ALL) {
    throw new Problem("rate_limited", "Too many pages are listening already.", {
      headers: { "retry-after": RETRY_AFTER_SECONDS },
    });
  }
  await listener.ready();
  const access = await accessOf(db);
  const check = async () => {
    seat.access = await accessOf(db);
  };
  const stream = openStream({
    expiresAt: caller.expiresAt * 1_000,
    check,
    onEnd: () => leave(seat),
  });
  const seat: Seat = {
    person: caller.id,
    access,
    stream,
    recheck: () => void check().catch(stream.close),
  };
  seats.set(access.tenant, (seats.get(access.tenant) ?? new Set()).add(seat));
  return stream.body;
}

/** Ends every stream: the process is about to. */
export async function closeHub(): Promise<void> {
  for (const some of [...seats.values()]) for (const { stream } of [...some]) stream.close();
  await listener.close();
}

/** @throws Problem 401 for a session that ended; the database's 403 for who is no member any more. */
async function accessOf(db: CallerDatabase): Promise<Access> {
  // As the GETs have it: the policies of exports, orders and attachments, and public.list_jobs.
  const [row] = await db.rows<Access>((sql) =>
    sql`select
      private.current_tenant('viewer', 'tenant') as tenant,
      private.current_tenant('member', 'exports') is not null as export,
      private.current_tenant('admin') is not null as jobs,
      private.current_tenant('viewer', 'orders') is not null as order,
      private.current_tenant('viewer', 'files') is not null as files,
      true as refresh`
  );
  if (row === undefined) throw new Error("a select without a row");
  return row;
}

function leave(seat: Seat): void {
  const some = seats.get(seat.access.tenant);
  some?.delete(seat);
  if (some?.size === 0) seats.delete(seat.access.tenant);
}

function gather(tenant: string, { tenant_id: _, ...said }: Notice): void {
  const parsed = liveEvent.safeParse(said);
  if (!parsed.success) return;
  const event = parsed.data;
  const events = gathered.get(tenant) ?? new Map<string, LiveEvent>();
  if (events.size === 0) {
    setTimeout(() => {
      gathered.delete(tenant);
      tell(tenant, events.values());
    }, GATHER_MS);
  }
  // Of one thing only the latest counts.
  events.set(keyOf(event), event);
  gathered.set(tenant, events);
}

function keyOf(event: LiveEvent): string {
  const id = "id" in event ? event.id : "entity_id" in event ? event.entity_id : "";
  return `${event.kind} ${id}`;
}

function tell(tenant: string, events: Iterable<LiveEvent>): void {
  const told = [...events];
  for (const { access, stream } of [...(seats.get(tenant) ?? [])]) {
    for (const event of told) if (access[event.kind]) stream.send(event);
  }
}
