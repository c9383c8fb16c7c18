import type { Route } from "../_shared/route.ts";

export const routes: Route[] = [];
