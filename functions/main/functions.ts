/** The allow-list: what answers under `/functions/v1/<name>`. A folder that is not here does not exist. */
import { routes as account } from "../account/index.ts";
import { routes as analysts } from "../analysts/index.ts";
import { routes as apiKeys } from "../api-keys/index.ts";
import { routes as attachments } from "../attachments/index.ts";
import { routes as audit } from "../audit/index.ts";
import { routes as auth } from "../auth/index.ts";
import { routes as customFields } from "../custom-fields/index.ts";
import { routes as customers } from "../customers/index.ts";
import { routes as emails } from "../emails/index.ts";
import { routes as events } from "../events/index.ts";
import { routes as exports } from "../exports/index.ts";
import { routes as healthz } from "../healthz/index.ts";
import { routes as invitations } from "../invitations/index.ts";
import { routes as jobs } from "../jobs/index.ts";
import { routes as livez } from "../livez/index.ts";
import { routes as members } from "../members/index.ts";
import { describing } from "../openapi.json/index.ts";
import { routes as orders } from "../orders/index.ts";
import { routes as products } from "../products/index.ts";
import { routes as system } from "../system/index.ts";
import { routes as tenants } from "../tenants/index.ts";
import { routes as uploads } from "../uploads/index.ts";
import { routes as webhooks } from "../webhooks/index.ts";
import type { Route } from "../_shared/route.ts";

const served = {
  account,
  analysts,
  "api-keys": apiKeys,
  attachments,
  audit,
  auth,
  "custom-fields": customFields,
  customers,
  emails,
  events,
  exports,
  healthz,
  invitations,
  jobs,
  livez,
  members,
  orders,
  products,
  system,
  tenants,
  uploads,
  webhooks,
};

export const functions: Readonly<Record<string, readonly Route[]>> = {
  ...served,
  "openapi.json": describing(Object.values(served).flat()),
};
