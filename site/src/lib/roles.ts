import type { Role } from "../../../functions/_shared/contracts/tenancy.ts";

export type { Role };

/** Least first. */
export const ROLES = ["viewer", "member", "admin", "owner"] as const satisfies readonly Role[];

/** Whether `role` may do what asks for at least `needed`. The database decides; this only hides controls. */
export function allows(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** What each may do, after "A member …". */
export const MAY: Record<Role, string> = {
  viewer: "sees everything, changes nothing",
  member: "works with customers, products and orders",
  admin: "manages the team and the settings too",
  owner: "may do everything",
};
