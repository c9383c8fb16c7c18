/** Says what tables the auth library wants; a thread of auth_schema.ts. */
import { parentPort } from "node:worker_threads";
import { getAuthSchemaSql } from "@supabase/lite";

parentPort?.postMessage(getAuthSchemaSql());
