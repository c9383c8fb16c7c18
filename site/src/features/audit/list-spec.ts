import type { ListSpec } from "../list/spec.ts";

export const AUDIT_LIST: ListSpec = {
  path: "/audit",
  params: ["action", "entity_type", "entity_id", "actor_id", "from", "to"],
};
