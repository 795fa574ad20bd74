-- +goose Up
-- Work to be done once, later, and surely. Payloads hold identifiers only: never a name or a value.
create table job (
  tenant_id   text not null, -- whose work it is; the service's own jobs have the system tenant
  job_id      text not null,
  kind        text not null, -- "checkup.apply": which handler
  slot        text not null, -- unique within the tenant when not empty: "backup:2026-11-23"
  payload     @blob not null,
  state       text not null check (state in ('ready', 'running', 'done', 'dead')),
  run_at      @int not null, -- not before
  attempt     @int not null, -- how often it was begun; 0 before the first
  node        text not null, -- the place whose process holds it; '' when nobody does
  process     text not null, -- which process of that place
  lease_until @int not null, -- past this instant the holder is taken for dead
  error       text not null, -- of the latest attempt
  created_at  @int not null,
  finished_at @int not null,
  primary key (tenant_id, job_id)
) @strict;

create unique index job_slot on job (tenant_id, slot) where slot <> '';
create index job_ready on job (kind, run_at) where state = 'ready';
create index job_running on job (kind, lease_until) where state = 'running';
create index job_finished on job (finished_at) where state = 'done';

-- Up to which instant the slots of a schedule have become jobs.
create table job_schedule (
  tenant_id text not null,
  kind      text not null,
  last_at   @int not null,
  primary key (tenant_id, kind)
) @strict;
