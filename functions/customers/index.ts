/** Customers. Every rule is the database's; here is only what HTTP adds. */
import {
  customer,
  customerCreate,
  customerList as customerListAnswer,
  customerListQuery,
  customerUpdate,
} from "../_shared/contracts/customers.ts";
import { customerExport } from "../_shared/contracts/exports.ts";
import { resourceRoutes } from "../_shared/resource_routes.ts";
import type { Route } from "../_shared/route.ts";
import { exportRoute } from "../exports/request.ts";
import { customerList } from "./list.ts";

export const routes: Route[] = [
  exportRoute("customers", "Customers", customerExport),
  ...resourceRoutes({
    collection: "customers",
    one: "a customer",
    tag: "Customers",
    list: customerList,
    contracts: {
      item: customer,
      list: customerListAnswer,
      listQuery: customerListQuery,
      create: customerCreate,
      update: customerUpdate,
    },
    calls: {
      create: (sql, body) => sql`public.create_customer(${body})`,
      update: (sql, id, patch, expected) =>
        sql`public.update_customer(${id}, ${patch}, ${expected})`,
      trash: (sql, id, expected) => sql`public.trash_customer(${id}, ${expected})`,
      restore: (sql, id, expected) => sql`public.restore_customer(${id}, ${expected})`,
    },
  }),
];
