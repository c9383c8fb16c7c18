/** How the parts are; what monitoring asks. */
import { health } from "../_shared/contracts/health.ts";
import { ok } from "../_shared/replies.ts";
import { type Route, route } from "../_shared/route.ts";
import { maySeeDetails } from "./insight.ts";
import { currentHealth, withoutDetails } from "./report.ts";

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/healthz",
    access: "public",
    tag: "Health",
    summary: "How every part is",
    description:
      "At most two seconds old. Why a part is not well is told to admins (with their token), and to who asks from this machine or its private network.",
    answers: {
      200: { description: "Orders can be taken.", schema: health },
      503: { description: "The database, auth, rest or functions are down.", schema: health },
    },
    async handle({ request, requestId }) {
      const [report, details] = await Promise.all([
        currentHealth(),
        maySeeDetails(request, requestId),
      ]);
      const shown = details ? report : withoutDetails(report);
      return ok(shown, report.status === "down" ? 503 : 200);
    },
  }),
];
