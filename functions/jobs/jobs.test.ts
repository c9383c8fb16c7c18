import { randomUUID } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import {
  type Answer,
  api,
  newTenant,
  owner as database,
  stack,
  type TestTenant,
} from "../../scripts/stack/testing.ts";
import { problem } from "../_shared/contracts/common.ts";
import { emailList, jobList, orderSent } from "../_shared/contracts/jobs.ts";

const soon = { timeout: 20_000, interval: 100 };
const refusal = ({ status, body }: Answer) => [status, problem.parse(body).code];

/** A task that nobody runs: its jobs stay where they are. */
const TASK = "test_never";

async function enqueue(tenant: TestTenant, count = 1, options = ""): Promise<string[]> {
  const rows = await database().unsafe<{ id: string }[]>(
    `select private.enqueue($1, '${TASK}', jsonb_build_object('thing_id', n::text)${options}) as id
     from generate_series(1, $2::int) as n`,
    [tenant.id, count],
  );
  return rows.map(({ id }) => id);
}

async function list(token: string, query = "") {
  const answer = await api(`/api/jobs${query}`, { token });
  expect(answer.status).toBe(200);
  return jobList.parse(answer.body);
}

const fail = (id: string, error: string) =>
  database()`
    update graphile_worker._private_jobs
    set attempts = 1, max_attempts = 1, last_error = ${error} where id = ${id}`;

describe("the list of jobs", () => {
  test("says what, in which state, and why", async () => {
    const tenant = await newTenant();
    const [queued = "", failed = "", later = ""] = [
      ...(await enqueue(tenant, 2)),
      ...(await enqueue(tenant, 1, ", run_at => now() + interval '1 hour'")),
    ];
    await fail(failed, "550 no such mailbox\n  at stack (trace.ts:1)");
    const { data, page } = await list(tenant.token);
    expect(data.map(({ id, state }) => [id, state])).toEqual([
      [later, "scheduled"],
      [failed, "failed"],
      [queued, "queued"],
    ]);
    expect(page).toMatchObject({ next_cursor: null, total: { count: 3, kind: "exact" } });
    expect(data[1]).toMatchObject({
      task: TASK,
      attempts: 1,
      max_attempts: 1,
      last_error: "550 no such mailbox",
      next_attempt_at: null,
      subject: { thing_id: "2" },
    });
    expect((await list(tenant.token, "?state=failed")).data.map(({ id }) => id)).toEqual([failed]);
  });

  test("has pages, and cursors of its own", async () => {
    const tenant = await newTenant();
    const ids = (await enqueue(tenant, 5)).toReversed();
    const first = await list(tenant.token, "?limit=3");
    const second = await list(tenant.token, `?limit=3&cursor=${first.page.next_cursor}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids);
    expect(second.page).toMatchObject({ next_cursor: null, total: { count: 5 } });
    const wrong = `/api/jobs?state=failed&cursor=${first.page.next_cursor}`;
    expect(refusal(await api(wrong, { token: tenant.token }))).toEqual([400, "invalid_query"]);
  });

  test.each(["?limit=0", "?state=done", "?cursor=x", "?sort=id"])(
    "%s is an invalid query",
    async (query) => {
      const { token } = await newTenant();
      expect(refusal(await api(`/api/jobs${query}`, { token }))).toEqual([400, "invalid_query"]);
    },
  );

  test("is for admins and owners, and of their tenant alone", async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    await enqueue(other);
    const admin = await tenant.join("admin");
    expect((await list(admin.token)).data).toEqual([]);
    for (const role of ["viewer", "member"] as const) {
      const { token } = await tenant.join(role);
      for (const path of ["/api/jobs", "/api/emails"]) {
        expect(refusal(await api(path, { token }))).toEqual([403, "forbidden"]);
      }
    }
  });
});

describe("a job", () => {
  const act = (token: string, id: string, verb: string) =>
    api(`/api/jobs/${id}/${verb}`, { token, method: "POST" });

  test("that failed is retried with new attempts", async () => {
    const tenant = await newTenant();
    const [id = ""] = await enqueue(tenant);
    await fail(id, "It cannot be done.");
    expect((await act(tenant.token, id, "retry")).status).toBe(204);
    const [job] = (await list(tenant.token)).data;
    expect(job).toMatchObject({ id, state: "queued", attempts: 0, max_attempts: 4 });
  });

  test("is cancelled", async () => {
    const tenant = await newTenant();
    const [id = ""] = await enqueue(tenant);
    expect((await act(tenant.token, id, "cancel")).status).toBe(204);
    expect((await list(tenant.token)).data).toEqual([]);
    expect(refusal(await act(tenant.token, id, "cancel"))).toEqual([404, "not_found"]);
  });

  test("that runs is left alone", async () => {
    const tenant = await newTenant();
    const [id = ""] = await enqueue(tenant);
    await database().begin(async (sql) => {
      await sql`
        update graphile_worker._private_jobs set locked_by = 'somebody', locked_at = now()
        where id = ${id}`;
    });
    for (const verb of ["retry", "cancel"]) {
      expect(refusal(await act(tenant.token, id, verb))).toEqual([409, "conflict"]);
    }
    await database()`delete from graphile_worker._private_jobs where id = ${id}`;
  });

  test("of another tenant, or that never was, is not found", async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const [foreign = ""] = await enqueue(other);
    for (
      const id of [foreign, "999999999999", "0", "-1", "x", "1.5", "9".repeat(30), randomUUID()]
    ) {
      for (const verb of ["retry", "cancel"]) {
        expect(refusal(await act(tenant.token, id, verb))).toEqual([404, "not_found"]);
      }
    }
    expect((await list(other.token)).data).toHaveLength(1);
  });
});

describe("mailing an order", () => {
  const order = async (tenant: TestTenant, customer?: object) => {
    const { token } = tenant;
    const made = customer && (await api("/api/customers", { token, body: customer }));
    const customer_id = made && made.body && typeof made.body === "object" && "id" in made.body
      ? made.body.id
      : undefined;
    const placed = await api("/api/orders", {
      token,
      body: {
        customer_id,
        items: [{ name: "<b>Oak</b>", quantity: 2, unit_price: 3.5, tax_rate: 19 }],
      },
    });
    expect(placed.status).toBe(201);
    return placed.body as { id: string; number: string };
  };
  const mailed = async (to: string) => {
    const found = await fetch(`${stack().mail_url}/api/messages?to=${encodeURIComponent(to)}`);
    const { messages } = (await found.json()) as { messages: { id: string; subject: string }[] };
    return messages;
  };

  test("sends it to the customer, and the log says so", async () => {
    const tenant = await newTenant();
    const to = `${randomUUID()}@customer.test`;
    const { id, number } = await order(tenant, { kind: "company", name: "Müller", email: to });
    const answer = await api(`/api/orders/${id}/send`, { token: tenant.token, body: {} });
    expect(answer.status).toBe(202);
    const { email } = orderSent.parse(answer.body);
    expect(email).toMatchObject({ status: "queued", recipient: to });
    const log = async () =>
      emailList.parse((await api("/api/emails", { token: tenant.token })).body).data;
    await vi.waitFor(async () => expect((await log())[0]?.status).toBe("sent"), soon);
    expect((await log())[0]).toMatchObject({
      id: email.id,
      template: "order_confirmation",
      recipient: to,
      subject: { order_id: id },
      requested_by: tenant.owner.id,
      response: expect.stringMatching(/^250/),
    });
    const [mail] = await mailed(to);
    expect(mail?.subject).toContain(number);
    const whole = await fetch(`${stack().mail_url}/api/messages/${mail?.id}`);
    const { html, text } = (await whole.json()) as { html: string; text: string };
    expect(html).toContain("&lt;b&gt;Oak&lt;/b&gt;");
    expect(html).toContain("€8.33");
    expect(text).toContain("Total: €8.33");
  });

  test("needs an address, a right one, and a member", async () => {
    const tenant = await newTenant();
    const { id } = await order(tenant);
    const send = (token: string, body: unknown, order_id = id) =>
      api(`/api/orders/${order_id}/send`, { token, body });
    const without = await send(tenant.token, {});
    expect(refusal(without)).toEqual([422, "validation_failed"]);
    expect(problem.parse(without.body).errors?.[0]?.path).toBe("to");
    for (const to of ["nobody", "a@b.test\r\nBcc: c@d.test", ""]) {
      expect(refusal(await send(tenant.token, { to }))).toEqual([422, "validation_failed"]);
    }
    expect((await send(tenant.token, { to: "ada@example.test" })).status).toBe(202);
    const viewer = await tenant.join("viewer");
    expect(refusal(await send(viewer.token, {}))).toEqual([403, "forbidden"]);
    const stranger = await newTenant();
    const foreign = await send(stranger.token, { to: "ada@example.test" });
    expect(refusal(foreign)).toEqual([404, "not_found"]);
    expect(refusal(await send(tenant.token, {}, "x"))).toEqual([404, "not_found"]);
  });

  test("has a limit by the hour", async () => {
    const tenant = await newTenant();
    const { id } = await order(tenant);
    await database()`
      insert into public.emails (tenant_id, template, recipient, status)
      select ${tenant.id}, 'webhook_disabled', 'a@b.test', 'sent' from generate_series(1, 500)`;
    const body = { to: "ada@example.test" };
    const limited = await api(`/api/orders/${id}/send`, { token: tenant.token, body });
    expect(refusal(limited)).toEqual([429, "rate_limited"]);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

test("an invitation is mailed, and its link accepts it", async () => {
  const tenant = await newTenant();
  const guest = await newTenant();
  const { email } = guest.owner;
  const made = await api("/api/invitations", {
    token: tenant.token,
    body: { email, role: "member" },
  });
  expect(made.status).toBe(201);
  let id = "";
  await vi.waitFor(async () => {
    const found = await fetch(`${stack().mail_url}/api/messages?to=${email}`);
    const { messages } = (await found.json()) as { messages: { id: string }[] };
    id = messages[0]?.id ?? "";
    expect(id).not.toBe("");
  }, soon);
  const whole = await fetch(`${stack().mail_url}/api/messages/${id}`);
  const { text } = (await whole.json()) as { text: string };
  const token = /\/invitations\/(\S+)/.exec(text)?.[1] ?? "";
  expect(token).not.toBe((made.body as { token: string }).token);
  const accepted = await api("/api/invitations/accept", {
    token: guest.owner.token,
    body: { token },
  });
  expect([accepted.status, accepted.body]).toEqual([
    200,
    expect.objectContaining({ id: tenant.id }),
  ]);
});
