-- Backups: what became of each, so that monitoring can tell. The backups themselves are made and proven
-- by scripts/backup/, outside of this database.

create table private.backups (
  id text primary key,
  state text not null default 'running' constraint backups_state
    check (state in ('running', 'proven', 'failed', 'damaged')),
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  bytes bigint,
  reason text
);
comment on table private.backups is 'Every backup that was begun and is still kept, and every one that failed.';
comment on column private.backups.state is
  'proven: restored into a scratch database and found equal. damaged: was so, and its objects have changed since.';
comment on column private.backups.bytes is 'What it takes in the store.';
comment on column private.backups.reason is 'Why it failed, or what is damaged, as a sentence.';
alter table private.backups enable row level security;
alter table private.backups force row level security;

create function private.backup_status()
returns table (
  state text, started_at timestamptz, bytes bigint, proven_at timestamptz, damaged int)
language sql
stable
security definer
set search_path = ''
as $$
  select latest.state, latest.started_at, latest.bytes,
    (select max(b.started_at) from private.backups b where b.state = 'proven'),
    (select count(*)::int from private.backups b where b.state = 'damaged')
  from (
    select b.* from private.backups b where b.state <> 'running' order by b.started_at desc limit 1
  ) as latest
$$;
comment on function private.backup_status is
  'The latest backup that has ended, when the latest proven one began, and how many kept ones are damaged; no row before the first.';
grant execute on function private.backup_status to kontor_worker;
