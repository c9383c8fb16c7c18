/** Whether this process answers at all; what supervisors ask. */
import { alive } from "../_shared/contracts/health.ts";
import { ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/livez",
    access: "public",
    tag: "Health",
    summary: "Whether the functions answer",
    answers: { 200: { description: "They do.", schema: alive } },
    handle: () => ok({ status: "ok" }),
  }),
];
