/** What Grafana's dashboards show, in the words of our own metrics. */

/** A query of Prometheus, and what a line of it is called. */
export type Query = readonly [promql: string, legend: string];

export type Panel = {
  readonly title: string;
  /** What one should think when looking at it. */
  readonly description?: string;
  /** One of Grafana's: s, bytes, percentunit, reqps, short … */
  readonly unit: string;
  /** A number instead of lines over time. */
  readonly stat?: boolean;
  readonly queries: readonly Query[];
};

export type Board = {
  /** A file's name and the page's address. */
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Below: log lines that this LogQL selects. */
  readonly logs?: string;
};

const REQUESTS = "kontor_http_request_duration_seconds";
const DELIVERY = 'task="deliver_webhook"';

const quantile = (share: number, by: string, of: string) =>
  `histogram_quantile(${share}, sum by (${by}) (rate(${of}[5m])))`;

const requests: Board = {
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
          `sum by (job) (rate(${REQUESTS}_count{status="5xx"}[5m])) / sum by (job) (rate(${REQUESTS}_count[5m]))`,
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

const queue: Board = {
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

const webhooks: Board = {
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

const database: Board = {
  uid: "kontor-database",
  title: "Database",
  panels: [
    {
      title: "Its size",
      unit: "bytes",
      stat: true,
      queries: [["max(kontor_db_size_bytes)", ""]],
    },
    {
      title: "Connections taken",
      unit: "percentunit",
      stat: true,
      queries: [["sum(kontor_db_connections) / max(kontor_db_connections_max)", ""]],
    },
    {
      title: "Connections by login",
      unit: "short",
      queries: [["sum by (login) (kontor_db_connections)", "{{login}}"]],
    },
    {
      title: "The functions' connections",
      unit: "short",
      queries: [
        ["sum by (state) (kontor_db_pool_connections)", "{{state}}"],
        ["sum(kontor_db_pool_size)", "at most"],
      ],
    },
    {
      title: "Requests that wait for a connection",
      unit: "short",
      queries: [["sum(kontor_db_pool_waiting)", "waiting"]],
    },
    {
      title: "The disk",
      description: "Postgres stops when it is full; somebody is woken at 15 % free.",
      unit: "bytes",
      queries: [
        ['node_filesystem_avail_bytes{mountpoint="/volumes/db"}', "free"],
        ['node_filesystem_size_bytes{mountpoint="/volumes/db"}', "all of it"],
      ],
    },
    {
      title: "The machine",
      unit: "percentunit",
      queries: [
        ["1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "memory"],
        ['1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m]))', "processors"],
      ],
    },
  ],
  logs: '{service="db"}',
};

const backups: Board = {
  uid: "kontor-backups",
  title: "Backups",
  panels: [
    {
      title: "Proven",
      description: "1: the latest was restored and found equal, and no kept one is damaged.",
      unit: "short",
      stat: true,
      queries: [["min(kontor_backup_proven)", ""]],
    },
    {
      title: "Age of the latest proven one",
      description: "Somebody is woken at 36 hours.",
      unit: "s",
      stat: true,
      queries: [["time() - max(kontor_backup_last_success_timestamp_seconds)", ""]],
    },
    {
      title: "Since the last attempt",
      unit: "s",
      stat: true,
      queries: [["time() - max(kontor_backup_last_run_timestamp_seconds)", ""]],
    },
    {
      title: "Damaged ones",
      unit: "short",
      stat: true,
      queries: [["max(kontor_backups_damaged)", ""]],
    },
    {
      title: "What the latest takes",
      unit: "bytes",
      queries: [["max(kontor_backup_bytes)", "stored"]],
    },
    {
      title: "How long it takes",
      unit: "s",
      queries: [
        [
          'sum(increase(kontor_job_duration_seconds_sum{task="back_up"}[24h])) / sum(increase(kontor_job_duration_seconds_count{task="back_up"}[24h]))',
          "back_up",
        ],
      ],
    },
  ],
  logs: '{part="worker"} |= "back"',
};

/** Every dashboard, by its file's name. */
export const BOARDS: readonly Board[] = [requests, queue, webhooks, database, backups];
