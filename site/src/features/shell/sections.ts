import {
  Boxes,
  Database,
  FileDown,
  KeyRound,
  LayoutGrid,
  ListChecks,
  Mail,
  ReceiptText,
  ScrollText,
  Settings,
  UserCog,
  Users,
  Webhook,
} from "lucide-react";
import type { Role } from "../../lib/roles.ts";

/** The pages of a tenant that the navigation leads to, and what each takes. */
export const SECTIONS = [
  { id: "overview", label: "Overview", path: "", Icon: LayoutGrid, needs: "viewer" },
  { id: "orders", label: "Orders", path: "orders", Icon: ReceiptText, needs: "viewer" },
  { id: "customers", label: "Customers", path: "customers", Icon: Users, needs: "viewer" },
  { id: "products", label: "Products", path: "products", Icon: Boxes, needs: "viewer" },
  { id: "exports", label: "Exports", path: "exports", Icon: FileDown, needs: "member" },
  { id: "team", label: "Team", path: "team", Icon: UserCog, needs: "admin" },
  { id: "jobs", label: "Jobs", path: "jobs", Icon: ListChecks, needs: "admin" },
  { id: "emails", label: "Sent mail", path: "emails", Icon: Mail, needs: "admin" },
  { id: "webhooks", label: "Webhooks", path: "webhooks", Icon: Webhook, needs: "admin" },
  { id: "api-keys", label: "API keys", path: "api-keys", Icon: KeyRound, needs: "admin" },
  { id: "sql-access", label: "SQL access", path: "sql-access", Icon: Database, needs: "admin" },
  { id: "audit", label: "Audit log", path: "audit", Icon: ScrollText, needs: "admin" },
  { id: "settings", label: "Settings", path: "settings", Icon: Settings, needs: "admin" },
] as const satisfies readonly {
  id: string;
  label: string;
  path: string;
  Icon: typeof Users;
  needs: Role;
}[];

export type Section = (typeof SECTIONS)[number]["id"];
