-- +goose Up
-- Copies of the whole PostgreSQL cluster and its WAL, as the service itself remembers them, so that one that
-- vanishes from its place is missed. They can be listed and restored without these rows.

-- A finished copy of the cluster.
create table backup_base (
  tenant_id  text not null, -- the system tenant, as in both tables
  set_id     text not null,
  day        text not null, -- in Japan, on which it was begun
  taken_at   @int not null,
  bytes      @int not null, -- in the place where it is kept
  manifest   text not null, -- SHA-256 of its table of contents; also in the audit log
  dropped_at @int not null, -- 0 while it is kept
  primary key (tenant_id, set_id)
) @strict;

-- The beat: a commit a minute, so that the WAL says up to when it reaches, with what had been shipped before it.
create table backup_wal (
  tenant_id text not null,
  system    text not null, -- identifier of the cluster
  beat_at   @int not null,
  until_at  @int not null, -- every commit before this instant has been shipped
  last_file text not null, -- the newest shipped segment
  primary key (tenant_id)
) @strict;
