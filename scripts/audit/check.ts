/** Reads every chain from the database, as it stood at one moment, and checks it. */
import type { Sql, TransactionSql } from "postgres";
import type { Entry } from "./canonical.ts";
import { type ChainEnds, type Fault, walkChain } from "./chain.ts";
import { watchErasures } from "./erasures.ts";
import type { Heads } from "./heads.ts";

/** Entries in memory at a time. */
const PAGE = 100;

export type ChainReport = {
  tenant_id: string;
  checked: number;
  faults: Fault[];
  chain: ChainEnds;
};

export type Report = {
  chains: ChainReport[];
  /** Chains that were kept elsewhere and are not there any more. */
  gone: string[];
  /** Written, and not in a chain yet. */
  unsealed: { count: number; since: Date | null };
  seconds: number;
};

/**
 * Checks all chains, or one tenant's.
 * @param sql a login that reads everything.
 * @throws Error when it does not.
 */
export async function checkChains(
  sql: Sql,
  { tenant = null, heads = {} }: { tenant?: string | null; heads?: Heads } = {},
): Promise<Report> {
  const [login] = await sql<{ all: boolean }[]>`
    select rolsuper or rolbypassrls as all from pg_roles where rolname = current_user`;
  if (!login?.all)
    throw new Error("this takes the database's owner: another login sees only a part");
  const began = performance.now();
  return await sql.begin("isolation level repeatable read read only", async (tx) => {
    const chains = await tx<ChainEnds[]>`
      select tenant_id, position, hash, first_position, first_predecessor
      from audit.chains where ${tenant}::uuid is null or tenant_id = ${tenant}::uuid order by tenant_id`;
    const reports: ChainReport[] = [];
    for (const chain of chains) reports.push(await checkChain(tx, chain, heads));
    const [unsealed] = await tx<{ count: number; since: Date | null }[]>`
      select count(*)::int as count, min(at) as since from audit.entries
      where hash is null and (${tenant}::uuid is null or tenant_id = ${tenant}::uuid)`;
    const present = new Set(chains.map(({ tenant_id }) => tenant_id));
    const wanted = tenant === null ? Object.keys(heads) : [tenant];
    return {
      chains: reports,
      gone: wanted.filter((id) => id in heads && !present.has(id)),
      unsealed: unsealed ?? { count: 0, since: null },
      seconds: (performance.now() - began) / 1000,
    };
  });
}

async function checkChain(
  tx: TransactionSql,
  chain: ChainEnds,
  heads: Heads,
): Promise<ChainReport> {
  const { tenant_id } = chain;
  const walk = walkChain(chain, heads[tenant_id]);
  const erasures = watchErasures(chain);
  let checked = 0;
  const entries = tx<Entry[]>`
    select tenant_id, id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
      actor_kind, actor_id, action, entity_type, entity_id, changes::text as changes, host(ip) as ip,
      user_agent, request_id, metadata::text as metadata, salt, erased::text as erased, position, hash
    from audit.entries where tenant_id = ${tenant_id} and position is not null
    order by position, id`;
  for await (const page of entries.cursor(PAGE)) {
    for (const entry of page) {
      walk.step(entry);
      erasures.step(entry);
    }
    checked += page.length;
  }
  const late = await tx<Pick<Entry, "entity_type" | "action" | "metadata">[]>`
    select entity_type, action, metadata::text as metadata from audit.entries
    where tenant_id = ${tenant_id} and hash is null and entity_type in ('audit_values', 'audit_log')`;
  for (const entry of late) erasures.announce(entry);
  return { tenant_id, checked, faults: [...walk.end(), ...erasures.end()], chain };
}
