/** What the tests of the business endpoints share: typed answers of the running stack. */
import { expect } from "vitest";
import { type Answer, api, type Call, owner } from "../../scripts/stack/testing.ts";
import type { Customer } from "./contracts/customers.ts";
import type { Page, Problem } from "./contracts/common.ts";
import type { Order, OrderItemInput } from "./contracts/orders.ts";
import type { Product } from "./contracts/products.ts";

/** Who asks. */
export type Who = { readonly token: string; readonly tenant?: string };

export type List<T> = { data: T[]; page: Page };

/** An answer whose body the caller of `ask` says the type of; the test that follows checks it. */
export type Typed<T> = Omit<Answer, "body"> & { body: T };

/** Calls the API and takes the body to be a T. */
export async function ask<T = unknown>(path: string, call: Call = {}): Promise<Typed<T>> {
  const { status, headers, body } = await api(path, call);
  return { status, headers, body: body as T };
}

/** Calls the API and expects a success. */
export async function get<T>(path: string, who: Who): Promise<T> {
  const answer = await ask<T>(path, who);
  expect(answer, path).toMatchObject({ status: 200 });
  return answer.body;
}

export const item = (fields: Partial<OrderItemInput> = {}): OrderItemInput => ({
  name: "Chair",
  quantity: 1,
  unit_price: 100,
  ...fields,
});

/** Places an order. */
export async function placeOrder(who: Who, fields: Record<string, unknown> = {}): Promise<Order> {
  const answer = await ask<Order>("/orders", { ...who, body: { items: [item()], ...fields } });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}

/** Adds a customer. */
export async function addCustomer(who: Who, name: string): Promise<Customer> {
  const answer = await ask<Customer>("/customers", { ...who, body: { name } });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}

/** Adds a product. */
export async function addProduct(who: Who, sku: string): Promise<Product> {
  const body = { sku, name: `Product ${sku}`, unit_price: 9.5 };
  const answer = await ask<Product>("/products", { ...who, body });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}

/** Expects a problem document as the contract has it. */
export function expectProblem(answer: Answer, status: number, code: string): Problem {
  expect(answer).toMatchObject({ status, body: { status, code } });
  const problem = answer.body as Problem;
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(problem).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
    request_id: answer.headers.get("x-request-id"),
  });
  expect(JSON.stringify(problem)).not.toMatch(/\bselect\b.*\bfrom\b|\n\s+at |postgres|pg_/i);
  return problem;
}

/** The paths of the fields that a problem names. */
export const pathsOf = (problem: Problem): string[] =>
  [...new Set(problem.errors?.map(({ path }) => path))].sort();

/** All pages of a list by its cursors, forwards, and the cursor that leads back from the last one. */
export async function allPages<T>(
  path: string,
  who: Who,
  direction: "next" | "prev" = "next",
  from: string | null = null,
): Promise<{ pages: T[][]; last: Page }> {
  const pages: T[][] = [];
  let cursor = from;
  let last: Page;
  do {
    const url = cursor === null ? path : `${path}&cursor=${cursor}`;
    const list: List<T> = await get<List<T>>(url, who);
    pages.push(list.data);
    last = list.page;
    cursor = direction === "next" ? last.next_cursor : last.prev_cursor;
  } while (cursor !== null);
  return { pages, last };
}

/** Everything that callers could have changed in a tenant. */
export async function contents(tenant: { readonly id: string }): Promise<unknown> {
  const [row] = await owner()`
    select
      (select json_agg(o order by id) from public.orders o where tenant_id = ${tenant.id}) as orders,
      (select json_agg(i order by id) from public.order_items i where tenant_id = ${tenant.id}) as items,
      (select json_agg(c order by id) from public.customers c where tenant_id = ${tenant.id}) as customers,
      (select json_agg(p order by id) from public.products p where tenant_id = ${tenant.id}) as products,
      (select json_agg(n order by series) from private.number_series n where tenant_id = ${tenant.id}) as numbers`;
  return row;
}
