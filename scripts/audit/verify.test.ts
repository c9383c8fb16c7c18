import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres, { type TransactionSql } from "postgres";
import { afterAll, describe, expect, test } from "vitest";
import { childEnv, readEnv } from "../env.ts";
import { api, newTenant, owner, stack, type TestTenant } from "../stack/testing.ts";
import { checkChains } from "./check.ts";

const folder = mkdtempSync(path.join(tmpdir(), "kontor-verify-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Seals until nothing of a tenant is left; the worker may be at it as well. */
async function seal(tenant: string): Promise<void> {
  for (;;) {
    await owner()`select private.seal_audit()`;
    const [left] = await owner()<{ count: number }[]>`
      select count(*)::int as count from audit.entries where tenant_id = ${tenant} and hash is null`;
    if (left?.count === 0) return;
  }
}

/** A tenant with a sealed chain of some length. */
async function withChain(customers = 30): Promise<TestTenant> {
  const tenant = await newTenant();
  await owner()`
    insert into public.customers (tenant_id, name)
    select ${tenant.id}, 'Customer "' || n || E'" \\u00e9\\t\\n\\\\ \\U0001F600' from generate_series(1, ${customers}) as n`;
  await seal(tenant.id);
  return tenant;
}

async function check(tenant: TestTenant) {
  const { chains, unsealed } = await checkChains(owner(), { tenant: tenant.id });
  return { ...chains[0], unsealed };
}

const faultsOf = async (tenant: TestTenant) =>
  (await check(tenant)).faults?.map(({ kind, position, id }) => ({ kind, position, id }));

/** What somebody does who owns the machine: with triggers off, and nothing to stop them. */
async function tamper(work: (tx: TransactionSql) => Promise<unknown>): Promise<void> {
  await owner().begin(async (tx) => {
    await work(tx);
  });
}

async function at(tenant: TestTenant, position: number): Promise<string> {
  const [row] = await owner()<{ id: string }[]>`
    select id from audit.entries where tenant_id = ${tenant.id} and position = ${position}`;
  return row?.id ?? "";
}

describe("a chain", () => {
  test("is whole, whatever its entries hold", async () => {
    const tenant = await withChain();
    const { faults, checked } = await check(tenant);
    expect(faults).toEqual([]);
    expect(checked).toBe(32);
  });

  test.each([
    ["changes", "changes = '{}'"],
    ["ip", "ip = '10.0.0.1'"],
    ["user_agent", "user_agent = 'x'"],
    ["metadata", "metadata = metadata || '{\"a\": 1}'"],
    ["at", "at = at + interval '1 microsecond'"],
    ["actor_id", "actor_id = 'x'"],
    ["actor_kind", "actor_kind = 'analyst'"],
    ["action", "action = 'update'"],
    ["entity_id", "entity_id = 'x'"],
    ["request_id", "request_id = 'x'"],
    ["salt", "salt = uuid_send(gen_random_uuid())"],
    ["hash", "hash = sha256('x')"],
    ["salt, gone", "salt = null"],
  ])("of which somebody altered %s is named there, and nowhere else", async (_what, change) => {
    const tenant = await withChain(12);
    const id = await at(tenant, 7);
    await tamper((tx) => tx.unsafe(`update audit.entries set ${change} where id = '${id}'`));
    expect(await faultsOf(tenant)).toEqual([{ kind: "altered", position: "7", id }]);
  });

  test("with one altered, one deleted and two swapped: each by its name", async () => {
    const tenant = await withChain(40);
    const [altered, next, one, two] = [
      await at(tenant, 5),
      await at(tenant, 12),
      await at(tenant, 20),
      await at(tenant, 30),
    ];
    await tamper(async (tx) => {
      await tx`update audit.entries set changes = '{"name": [null, "Forged"]}' where id = ${altered}`;
      await tx`delete from audit.entries where tenant_id = ${tenant.id} and position = 11`;
      await tx`
        update audit.entries e set position = o.position, hash = o.hash
        from audit.entries o where e.id in (${one}, ${two}) and o.id in (${one}, ${two}) and o.id <> e.id`;
    });
    expect(await faultsOf(tenant)).toEqual([
      { kind: "altered", position: "5", id: altered },
      { kind: "missing", position: "11", id: next },
      { kind: "reordered", position: "20", id: two },
      { kind: "reordered", position: "30", id: one },
    ]);
  });

  test.each([
    [20, 30],
    [20, 21],
  ])("with two that took their hashes along, %i and %i", async (first, second) => {
    const tenant = await withChain(40);
    const [one, two] = [await at(tenant, first), await at(tenant, second)];
    await tamper(
      (tx) => tx`
      update audit.entries e set position = o.position
      from audit.entries o where e.id in (${one}, ${two}) and o.id in (${one}, ${two}) and o.id <> e.id`,
    );
    expect(await faultsOf(tenant)).toEqual([
      { kind: "reordered", position: String(first), id: two },
      { kind: "reordered", position: String(second), id: one },
    ]);
  });

  test("with one twice", async () => {
    const tenant = await withChain(12);
    await tamper(
      (tx) => tx`
      insert into audit.entries (tenant_id, at, actor_kind, actor_id, action, entity_type, entity_id, changes, ip,
        user_agent, request_id, metadata, salt, position, hash)
      select tenant_id, at, actor_kind, actor_id, action, entity_type, entity_id, changes, ip,
        user_agent, request_id, metadata, salt, position, hash
      from audit.entries where tenant_id = ${tenant.id} and position = 9`,
    );
    const faults = await faultsOf(tenant);
    expect(faults).toMatchObject([{ kind: "duplicated", position: "9" }]);
  });

  test("that lost its end, its beginning or all, or was written anew", async () => {
    const [end, beginning, all, anew] = [
      await withChain(8),
      await withChain(8),
      await withChain(8),
      await withChain(8),
    ];
    const file = path.join(folder, "heads.json");
    const run = await verify(["--heads", file, "--tenant", anew.id]);
    expect([run.code, Object.keys(JSON.parse(readFileSync(file, "utf8")).chains)]).toEqual([
      0,
      [anew.id],
    ]);
    await tamper(async (tx) => {
      await tx`delete from audit.entries where tenant_id = ${end.id} and position > 7`;
      await tx`
        update audit.chains c set first_position = 4, first_predecessor = e.hash
        from audit.entries e where c.tenant_id = ${beginning.id} and e.tenant_id = c.tenant_id and e.position = 3`;
      await tx`delete from audit.entries where tenant_id = ${beginning.id} and position <= 3`;
      await tx`delete from audit.entries where tenant_id = ${all.id}`;
      await tx`update audit.entries set position = null, hash = null,
        changes = changes - 'name' where tenant_id = ${anew.id}`;
      await tx`delete from audit.chains where tenant_id = ${anew.id}`;
    });
    await seal(anew.id);
    expect(await faultsOf(end)).toMatchObject([{ kind: "missing", position: "8" }]);
    expect(await faultsOf(beginning)).toMatchObject([{ kind: "missing", position: "4" }]);
    expect(await faultsOf(all)).toMatchObject([{ kind: "missing", position: "1" }]);
    // Who owns the database can write a whole chain anew: only its end, kept elsewhere, tells.
    expect(await faultsOf(anew)).toEqual([]);
    const later = await verify(["--heads", file, "--tenant", anew.id, "--json"]);
    expect(later.code).toBe(1);
    expect(JSON.parse(later.out).chains[0].faults).toMatchObject([
      { kind: "rewritten", position: "10" },
    ]);
  });
});

test("8 writers, 10,000 writes, rollbacks among them, sealed meanwhile: one whole chain", async () => {
  const tenant = await newTenant();
  let writing = true;
  const sealing = (async () => {
    while (writing) await owner()`select private.seal_audit(500)`;
  })();
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    const sql = postgres(stack().database_url, { max: 1, onnotice: () => {} });
    for (let batch = 0; batch < 50; batch++) {
      const write = sql.begin(async (tx) => {
        await tx`
          insert into public.customers (tenant_id, name)
          select ${tenant.id}, ${`${writer}-${batch}-`} || n from generate_series(1, 25) as n`;
        if (batch % 10 === 3) await tx`select 1/0`;
      });
      await write.catch((error: unknown) => {
        if (!(error instanceof postgres.PostgresError)) throw error;
      });
    }
    await sql.end();
  });
  await Promise.all(writers);
  writing = false;
  await sealing;
  await seal(tenant.id);
  const { faults, checked } = await check(tenant);
  // Two that the tenant began with; a tenth of the batches was rolled back.
  expect([faults, checked]).toEqual([[], 2 + 10_000 * 0.9]);
});

test("erased values leave the chain whole, and only announced ones do", async () => {
  const tenant = await newTenant();
  const made = await api("/api/customers", {
    token: tenant.token,
    body: { name: "Jane Doe", email: "jane@doe.test" },
  });
  const { id } = made.body as { id: string };
  await seal(tenant.id);
  const erased = await api("/api/audit/erase", {
    token: tenant.token,
    body: { entity_type: "customer", entity_id: id },
  });
  expect([erased.status, erased.body]).toEqual([200, { entries: 1 }]);
  expect(await faultsOf(tenant)).toEqual([]);
  const [kept] = await owner()<{ text: string }[]>`
    select string_agg(e::text, ' ') as text from audit.entries e where tenant_id = ${tenant.id}`;
  expect(kept?.text).not.toMatch(/jane/i);
  await seal(tenant.id);
  expect(await faultsOf(tenant)).toEqual([]);

  const victim = await at(tenant, 1);
  await tamper(
    (tx) => tx`
    update audit.entries e set erased = private.audit_digests(e), salt = null, changes = '{}', ip = null,
      user_agent = null, metadata = '{"of": "tenant:x"}' where id = ${victim}`,
  );
  expect(await faultsOf(tenant)).toEqual([{ kind: "altered", position: "1", id: victim }]);
});

test("what is older than a tenant keeps goes, and the chain goes on from there", async () => {
  const tenant = await newTenant();
  await owner()`
    insert into audit.entries (tenant_id, id, at, actor_kind, actor_id, action, entity_type, entity_id)
    select ${tenant.id}, encode(overlay(uuid_send(private.uuid_v7()) placing
        substring(int8send((extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6), 'hex')::uuid,
      at, 'system', 'x', 'update', 'order', n::text
    from generate_series(1, 20) as n, lateral (select now() - interval '100 days' + n * interval '1 minute' as at) as t`;
  await seal(tenant.id);
  const kept = await api("/api/audit/retention", {
    method: "PUT",
    token: tenant.token,
    body: { days: 60 },
  });
  expect([kept.status, kept.body]).toMatchObject([200, { days: 60, sealed: 22 }]);
  await owner()`select private.prune_audit()`;
  expect(await faultsOf(tenant)).toEqual([]);
  await seal(tenant.id);
  const { faults, checked } = await check(tenant);
  // The tenant, its owner, the new retention, and that the old ones went.
  expect([faults, checked]).toEqual([[], 4]);
});

test("a login that reads only a part is told so", async () => {
  const url = new URL(stack().database_url);
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  await sql`set role authenticated`;
  await expect(checkChains(sql)).rejects.toThrow(/owner/);
  await sql.end();
});

/** Runs the command as an operator does. */
function verify(args: string[]): Promise<{ code: number; out: string }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "verify.ts"), ...args], {
    env: { ...childEnv(readEnv()), DATABASE_URL: stack().database_url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (text: Buffer) => {
    out += text.toString("utf8");
  });
  return new Promise((resolve) => child.once("exit", (code) => resolve({ code: code ?? -1, out })));
}
