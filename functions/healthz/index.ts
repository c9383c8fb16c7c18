/** How the parts are; what monitoring asks. */
import { health } from "../_shared/contracts/health.ts";
import { ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { currentHealth } from "./report.ts";

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/healthz",
    access: "public",
    tag: "Health",
    summary: "How every part is",
    description: "At most two seconds old.",
    answers: {
      200: { description: "Orders can be taken.", schema: health },
      503: { description: "The database, auth, rest or functions are down.", schema: health },
    },
    async handle() {
      const report = await currentHealth();
      return ok(report, report.status === "down" ? 503 : 200);
    },
  }),
];
