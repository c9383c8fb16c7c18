/** What happens in the active tenant, told to open pages while it happens: server-sent events. */
import { problem } from "../_shared/contracts/common.ts";
import { liveEvent } from "../_shared/contracts/events.ts";
import { type Route, route } from "../_shared/route.ts";
import { takeSeat } from "./hub.ts";

export const routes: Route[] = [
  route({
    method: "GET",
    path: "/events",
    access: "viewer",
    tag: "Events",
    summary: "Listen to what happens",
    description:
      "A stream of server-sent events that stays open: each `data:` is one event, of what the caller may see. " +
      "Nothing is kept for who is away: fetch what is shown whenever a stream begins. " +
      "It ends when the token expires or the role is taken away; a comment comes every 20 seconds.",
    answers: {
      200: { description: "Events", schema: liveEvent, contentType: "text/event-stream" },
      429: {
        description: "Too many streams",
        schema: problem,
        contentType: "application/problem+json",
      },
    },
    handle: async ({ caller, db }) => ({
      status: 200,
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        // Neither kept nor gathered into larger pieces on the way.
        "cache-control": "no-store, no-transform",
        "x-accel-buffering": "no",
      },
      stream: await takeSeat(caller, db),
    }),
  }),
];
