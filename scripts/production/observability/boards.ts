/** What Grafana shows, in the words of our own metrics. */
import type { Board } from "./board.ts";
import { backups, database } from "./boards_of_data.ts";
import { queue, requests, webhooks } from "./boards_of_work.ts";

/** Every dashboard, by its file's name. */
export const BOARDS: readonly Board[] = [requests, queue, webhooks, database, backups];
