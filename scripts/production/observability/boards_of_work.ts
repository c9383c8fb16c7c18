/** Dashboards of what is done: requests, jobs, webhooks. */
import type { Board } from "./board.ts";

const REQUESTS = "kontor_http_request_duration_seconds";
const DELIVERY = 'task="deliver_webhook"';

const quantile = (share: number, by: string, of: string) =>
  `histogram_quantile(${share}, sum by (${by}) (rate(${of}[5m])))`;

export const requests: Board = {
  uid: "kontor-requests",
  title: "Requests",
  panels: [
    {
      title: "Requests a second",
      unit: "reqps",
      queries: [[`sum by (job, status) (rate(${REQUESTS}_count[5m]))`, "{{job}} {{status}}"]],
    },
    {
      title: "Errors",
      description: "The share of answers that are 5xx; somebody is woken at 2 % of five minutes.",
      unit: "percentunit",
      queries: [
        [
          // None is nought, not nothing.
          `(sum by (job) (rate(${REQUESTS}_count{status="5xx"}[5m])) or 0 * sum by (job) (rate(${REQUESTS}_count[5m]))) / sum by (job) (rate(${REQUESTS}_count[5m]))`,
          "{{job}}",
        ],
      ],
    },
    {
      title: "Until the answer begins",
      unit: "s",
      queries: [
        [quantile(0.5, "job, le", `${REQUESTS}_bucket`), "{{job}}, half of them"],
        [quantile(0.99, "job, le", `${REQUESTS}_bucket`), "{{job}}, 99 of 100"],
      ],
    },
    {
      title: "The slowest routes",
      description: "99 of 100 answers are faster.",
      unit: "s",
      queries: [
        [
          `topk(8, ${quantile(0.99, "route, le", `${REQUESTS}_bucket{job="functions", route!="/events"}`)})`,
          "{{route}}",
        ],
      ],
    },
    {
      title: "Under way",
      unit: "short",
      queries: [["sum by (job) (kontor_http_requests_in_flight)", "{{job}}"]],
    },
    {
      title: "Memory",
      unit: "bytes",
      queries: [['process_resident_memory_bytes{job=~"functions|site|worker"}', "{{job}}"]],
    },
  ],
  logs: '{part=~"site|functions|gateway", level=~"warn|error|fatal"}',
};

export const queue: Board = {
  uid: "kontor-queue",
  title: "Queue",
  panels: [
    {
      title: "The oldest job has waited",
      description: "Somebody is woken at ten minutes.",
      unit: "s",
      stat: true,
      queries: [["max(kontor_jobs_oldest_seconds)", ""]],
    },
    {
      title: "Given up",
      description: "Nobody will try these again by themselves.",
      unit: "short",
      stat: true,
      queries: [["sum(kontor_jobs_failed)", ""]],
    },
    {
      title: "Waiting",
      unit: "short",
      queries: [["sum by (task) (kontor_jobs_waiting)", "{{task}}"]],
    },
    {
      title: "Running",
      unit: "short",
      queries: [["sum by (task) (kontor_jobs_running)", "{{task}}"]],
    },
    {
      title: "Attempts a second",
      unit: "short",
      queries: [["sum by (task) (rate(kontor_job_duration_seconds_count[5m]))", "{{task}}"]],
    },
    {
      title: "Attempts that failed, an hour",
      unit: "short",
      queries: [
        [
          "sum by (task, outcome) (increase(kontor_job_failures_total[1h]))",
          "{{task}}, {{outcome}}",
        ],
      ],
    },
    {
      title: "How long attempts take",
      description: "95 of 100 are shorter.",
      unit: "s",
      queries: [[quantile(0.95, "task, le", "kontor_job_duration_seconds_bucket"), "{{task}}"]],
    },
  ],
  logs: '{part="worker", level=~"warn|error|fatal"}',
};

export const webhooks: Board = {
  uid: "kontor-webhooks",
  title: "Webhooks",
  panels: [
    {
      title: "Deliveries a second",
      unit: "short",
      queries: [
        [
          `sum by (outcome) (rate(kontor_job_duration_seconds_count{${DELIVERY}}[5m]))`,
          "{{outcome}}",
        ],
      ],
    },
    {
      title: "Deliveries that failed, an hour",
      description: "retried: the receiver did not take it, and is asked again. failed: given up.",
      unit: "short",
      queries: [
        [`sum by (outcome) (increase(kontor_job_failures_total{${DELIVERY}}[1h]))`, "{{outcome}}"],
      ],
    },
    {
      title: "How long receivers take",
      unit: "s",
      queries: [
        [quantile(0.5, "le", `kontor_job_duration_seconds_bucket{${DELIVERY}}`), "half of them"],
        [quantile(0.95, "le", `kontor_job_duration_seconds_bucket{${DELIVERY}}`), "95 of 100"],
      ],
    },
    {
      title: "Waiting to be sent",
      unit: "short",
      queries: [
        [`sum(kontor_jobs_waiting{task=~"deliver_webhook|fan_out_events"})`, "waiting"],
        [`sum(kontor_jobs_running{task=~"deliver_webhook|fan_out_events"})`, "running"],
      ],
    },
    {
      title: "The oldest one has waited",
      unit: "s",
      queries: [
        [
          `max by (task) (kontor_jobs_oldest_seconds{task=~"deliver_webhook|fan_out_events"})`,
          "{{task}}",
        ],
      ],
    },
  ],
};
