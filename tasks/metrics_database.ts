/** What the database knows that an operator's alerts ask for: its backups, its connections, its size. */
import type { Sql } from "postgres";
import { Gauge, type Registry } from "prom-client";

type BackupRow = {
  state: string;
  started_at: Date;
  bytes: string | null;
  proven_at: Date | null;
  damaged: number;
};

type DatabaseRow = { most: number; bytes: string; sessions: Record<string, number> };

/** A gauge that is not there before it has a value: a zero would be one. */
function late(register: Registry, name: string, help: string): (value: number) => void {
  let gauge: Gauge | undefined;
  return (value) => {
    gauge ??= new Gauge({ name, help, registers: [register] });
    gauge.set(value);
  };
}

const seconds = (time: Date) => time.getTime() / 1_000;

/** Adds them to the register; call the answer to bring them up to date. */
export function databaseMetrics(register: Registry, backsUp: boolean): (sql: Sql) => Promise<void> {
  const gauge = (name: string, help: string) => late(register, name, help);
  gauge("kontor_backup_configured", "1 when backups are made here every night")(backsUp ? 1 : 0);
  const proven = gauge(
    "kontor_backup_proven",
    "1 when the latest backup was proven and no kept one is damaged",
  );
  const success = gauge(
    "kontor_backup_last_success_timestamp_seconds",
    "When the latest proven backup began",
  );
  const run = gauge(
    "kontor_backup_last_run_timestamp_seconds",
    "When the latest backup that has ended began, whatever came of it",
  );
  const bytes = gauge("kontor_backup_bytes", "What the latest backup takes in the store");
  const damaged = gauge("kontor_backups_damaged", "Kept backups whose objects have changed");
  const most = gauge("kontor_db_connections_max", "Sessions that the database allows");
  const size = gauge("kontor_db_size_bytes", "What the database takes on its disk");
  const sessions = new Gauge({
    name: "kontor_db_connections",
    help: "Sessions in the database",
    labelNames: ["login"] as const,
    registers: [register],
  });

  return async (sql) => {
    const [backup] = await sql<BackupRow[]>`select * from private.backup_status()`;
    if (backup) {
      proven(backup.state === "proven" && backup.damaged === 0 ? 1 : 0);
      run(seconds(backup.started_at));
      damaged(backup.damaged);
      if (backup.proven_at !== null) success(seconds(backup.proven_at));
      if (backup.bytes !== null) bytes(Number(backup.bytes));
    }
    const [database] = await sql<DatabaseRow[]>`
      select current_setting('max_connections')::int as most,
        pg_database_size(current_database()) as bytes,
        (select coalesce(json_object_agg(login, number), '{}') from (
          -- Analysts' logins are many, and named after people.
          select case when usename like 'analyst\\_%' then 'analyst' else usename end as login,
            count(*)::int as number
          from pg_catalog.pg_stat_activity where usename is not null group by 1) as counted
        ) as sessions`;
    if (!database) return;
    most(database.most);
    size(Number(database.bytes));
    sessions.reset();
    for (const [login, number] of Object.entries(database.sessions))
      sessions.set({ login }, number);
  };
}
