-- +goose Up
-- Backups as the service itself remembers them, so that one that vanishes from its place is missed. The
-- backups can be listed and restored without these rows.

-- Since when backups are due.
create table backup_since (
  tenant_id text not null, -- the system tenant, as in all of these tables
  since     @int not null,
  primary key (tenant_id)
) @strict;

-- A finished backup: kind 'data' (records, log, files, environment) or 'keys' (key store).
create table backup_set (
  tenant_id  text not null,
  set_id     text not null,
  kind       text not null check (kind in ('data', 'keys')),
  day        text not null, -- in Japan, on which it was begun: 2026-11-23
  taken_at   @int not null,
  bytes      @int not null, -- in the place where it is kept
  manifest   text not null, -- SHA-256 of its table of contents; also in the audit log
  dropped_at @int not null, -- 0 while it is kept
  primary key (tenant_id, set_id)
) @strict;

-- A day that went by without a backup; told once.
create table backup_missed (
  tenant_id  text not null,
  day        text not null,
  noticed_at @int not null,
  primary key (tenant_id, day)
) @strict;

-- A trial restore.
create table backup_drill (
  tenant_id text not null,
  drill_id  text not null,
  set_id    text not null,
  at        @int not null,
  ok        @int not null,
  receipt   text not null, -- JSON: counts, durations, findings
  primary key (tenant_id, drill_id)
) @strict;

-- A known value in every backup: it opens only when records and keys were restored together.
create table backup_sentinel (
  tenant_id text  not null,
  set_id    text  not null,
  sealed    @blob not null,
  primary key (tenant_id, set_id)
) @strict;
