/** Dashboards of what is kept: the database and its backups. */
import type { Board } from "./board.ts";

export const database: Board = {
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

export const backups: Board = {
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
