import type { Door, Outcome, Target, Verb, Visitor } from "./door.ts";

type Answer = { status: number; body: unknown };
type Request = { path: string; method?: string; body?: unknown };
type Send = (visitor: Visitor, request: Request) => Promise<Answer>;

const item = { name: "Slipped in", quantity: 1, unit_price: 1 };

async function send(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...init, redirect: "manual" });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}

function ids(body: unknown): string[] {
  const rows: { id: string }[] = Array.isArray(body) ? body : (body as { data: [] }).data;
  return rows.map((row) => row.id);
}

function outcome({ status }: Answer): Outcome {
  if (status < 300) return "done";
  if (status === 404) return "nothing";
  if (status < 500) return "refused";
  throw new Error(`A door broke: ${status}`);
}

/** Lists leave out what one may not see: an order that is not among the rows is `nothing`. */
function listed(answer: Answer, target: Target): Outcome {
  if (answer.status >= 300) return outcome(answer);
  return ids(answer.body).includes(target.order) ? "done" : "nothing";
}

function tenantHeader(visitor: Visitor): Record<string, string> {
  return visitor.tenant === null ? {} : { "x-tenant-id": visitor.tenant };
}

function apiDoor(name: string, call: Send): Door {
  const verbs: Record<Verb, (visitor: Visitor, target: Target) => Promise<Outcome>> = {
    read: async (visitor, { order }) => outcome(await call(visitor, { path: `orders/${order}` })),
    list: async (visitor, target) =>
      listed(await call(visitor, { path: "orders?limit=200" }), target),
    search: async (visitor, target) =>
      listed(await call(visitor, { path: `orders?limit=200&q=${target.number}` }), target),
    create: async (visitor) =>
      outcome(await call(visitor, { path: "orders", method: "POST", body: { items: [item] } })),
    "use customer": async (visitor, { customer }) =>
      outcome(
        await call(visitor, {
          path: "orders",
          method: "POST",
          body: { customer_id: customer, items: [item] },
        }),
      ),
    change: async (visitor, { order }) =>
      outcome(
        await call(visitor, { path: `orders/${order}`, method: "PATCH", body: { notes: "Mine" } }),
      ),
    "add item": async (visitor, { order }) =>
      outcome(
        await call(visitor, { path: `orders/${order}`, method: "PATCH", body: { items: [item] } }),
      ),
    trash: async (visitor, { order }) =>
      outcome(await call(visitor, { path: `orders/${order}`, method: "DELETE" })),
  };
  return { name, attempt: (visitor, verb, target) => verbs[verb](visitor, target) };
}

/** The functions behind the gateway, with a bearer token. */
export function functionsDoor(apiUrl: string): Door {
  return apiDoor("functions", (visitor, { path, method = "GET", body }) =>
    send(`${apiUrl}/functions/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${visitor.token}`,
        "content-type": "application/json",
        ...tenantHeader(visitor),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

/** The portal's own /api, with the session cookie that its sign-in sets. */
export function portalDoor(portalUrl: string): Door {
  return apiDoor("portal", (visitor, { path, method = "GET", body }) =>
    send(`${portalUrl}/api/${path}`, {
      method,
      headers: {
        cookie: visitor.cookie,
        origin: portalUrl,
        "content-type": "application/json",
        ...tenantHeader(visitor),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

/** PostgREST. An update that row-level security lets through to no row is `nothing`. */
export function restDoor(apiUrl: string, anonKey: string): Door {
  const call: Send = (visitor, { path, method = "GET", body }) =>
    send(`${apiUrl}/rest/v1/${path}`, {
      method,
      headers: {
        apikey: anonKey,
        authorization: `Bearer ${visitor.token}`,
        "content-type": "application/json",
        prefer: "return=representation",
        ...tenantHeader(visitor),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const touched = (answer: Answer): Outcome =>
    answer.status < 300 && Array.isArray(answer.body) && answer.body.length === 0
      ? "nothing"
      : outcome(answer);

  const verbs: Record<Verb, (visitor: Visitor, target: Target) => Promise<Outcome>> = {
    read: async (visitor, { order }) =>
      touched(await call(visitor, { path: `orders?id=eq.${order}` })),
    list: async (visitor, target) =>
      listed(await call(visitor, { path: "orders?select=id" }), target),
    search: async (visitor, target) => {
      const answer = await call(visitor, {
        path: "rpc/search_orders",
        method: "POST",
        body: { q: target.number },
      });
      if (answer.status >= 300) return outcome(answer);
      return (answer.body as string[]).includes(target.order) ? "done" : "nothing";
    },
    create: async (visitor, { tenant }) =>
      outcome(await call(visitor, { path: "orders", method: "POST", body: { tenant_id: tenant } })),
    "use customer": async (visitor, { customer }) =>
      outcome(
        await call(visitor, { path: "orders", method: "POST", body: { customer_id: customer } }),
      ),
    change: async (visitor, { order }) =>
      touched(
        await call(visitor, {
          path: `orders?id=eq.${order}`,
          method: "PATCH",
          body: { notes: "Mine" },
        }),
      ),
    "add item": async (visitor, { order }) =>
      outcome(
        await call(visitor, {
          path: "order_items",
          method: "POST",
          body: { order_id: order, ...item },
        }),
      ),
    trash: async (visitor, { order }) =>
      outcome(
        await call(visitor, { path: "rpc/trash_order", method: "POST", body: { id: order } }),
      ),
  };
  return { name: "rest", attempt: (visitor, verb, target) => verbs[verb](visitor, target) };
}
