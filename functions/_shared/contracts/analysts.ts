/** Analysts: people with SQL, each with a database login of their own. */
import { z } from "zod";
import { text, timestamp, uuid } from "./common.ts";

/** The name of a login that we made. */
export const roleName = z.string().regex(/^analyst_[0-9a-z_]{1,50}$/, "Not the name of a login.");

export const analyst = z.object({
  role_name: roleName,
  label: z.string(),
  created_by: uuid().nullable(),
  created_at: timestamp(),
  expires_at: timestamp().nullable(),
  last_login_at: timestamp().nullable(),
  revoked_at: timestamp().nullable(),
}).meta({ id: "Analyst" });
export type Analyst = z.infer<typeof analyst>;

export const analystList = z.object({ data: z.array(analyst) }).meta({ id: "AnalystList" });

export const newAnalyst = z.strictObject({
  label: text(200, 1).meta({ description: "Whose login it is, and what for." }),
  expires_at: timestamp().optional(),
}).meta({ id: "NewAnalyst" });
export type NewAnalyst = z.infer<typeof newAnalyst>;

export const analystLogin = z.object({
  role_name: roleName,
  password: z.string().meta({ description: "Shown here and never again." }),
  connection_string: z.string().meta({
    description: "For psql and every library that takes such an address.",
  }),
}).meta({ id: "AnalystLogin" });
export type AnalystLogin = z.infer<typeof analystLogin>;

/** A statement for the SQL box gives this many rows at most. */
export const MAX_ROWS = 10_000;

export const sqlQuery = z.strictObject({
  sql: text(20_000, 1).meta({
    description: "One statement that reads.",
    example: "select * from revenue_by_month",
  }),
  max_rows: z.int().min(1).max(MAX_ROWS).default(1_000),
}).meta({ id: "SqlQuery" });

export const sqlColumn = z.object({
  name: z.string(),
  type: z.string().meta({ description: "As Postgres names it.", example: "numeric" }),
}).meta({ id: "SqlColumn" });
export type SqlColumn = z.infer<typeof sqlColumn>;

export const sqlValue = z.json();

export const sqlResult = z.object({
  columns: z.array(sqlColumn),
  rows: z.array(z.array(sqlValue)).meta({
    description:
      "A row's values in the order of the columns. Numbers that JavaScript would round, and whatever " +
      "JSON has no form for, are texts as Postgres writes them.",
  }),
  row_count: z.int().meta({ description: "How many rows there are here." }),
  truncated: z.boolean().meta({ description: "Whether there are more than max_rows." }),
  ms: z.int().meta({ description: "How long the database took." }),
}).meta({ id: "SqlResult" });
export type SqlResult = z.infer<typeof sqlResult>;

export const analyticsView = z.object({
  name: z.string(),
  comment: z.string().nullable(),
  columns: z.array(z.object({
    name: z.string(),
    type: z.string(),
    comment: z.string().nullable(),
  })),
}).meta({ id: "AnalyticsView" });
export type AnalyticsView = z.infer<typeof analyticsView>;

export const analyticsSchema = z.object({ data: z.array(analyticsView) }).meta({
  id: "AnalyticsSchema",
});

export const accessQuery = z.strictObject({
  user_id: uuid(),
  table: z.string().regex(/^[a-z_]{1,63}$/, "The name of a table, such as orders."),
  id: uuid(),
});

export const accessExplained = z.object({
  exists: z.boolean().meta({ description: "Whether the tenant has such a record." }),
  role: z.string().meta({ description: "That person's role in the tenant." }),
  policies: z.array(z.object({
    policy: z.string(),
    command: z.string(),
    allows: z.boolean(),
  })),
  reads: z.boolean().meta({ description: "Whether they can read it." }),
}).meta({ id: "AccessExplained" });
export type AccessExplained = z.infer<typeof accessExplained>;
