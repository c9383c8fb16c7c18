import type { Page } from "../../../../functions/_shared/contracts/common.ts";

/** Any list of the API. */
export type List<T> = { data: T[]; page: Page };
