-- +goose Up
-- What was or is being erased (clauses 6-1, 6-2). The row outlives the data that it is about: it holds
-- opaque identifiers and counts, sealed with the service's own key, and never a name or a health value.
create table erasure_run (
  tenant_id   text  not null, -- whose data
  run_id      text  not null, -- UUIDv7
  kind        text  not null check (kind in ('persons', 'tenant', 'records')),
  step        text  not null, -- the last one that is complete; 'done' at the end
  held        @int  not null default 0, -- 1: waits until a legal hold is released
  ledger_n    @int  not null default 0, -- entry of the erasure ledger; 0 before it is written
  ledger_hash @blob not null,
  sealed      @blob not null, -- JSON: scope, order, what was measured
  started_at  @int  not null,
  finished_at @int  not null default 0,
  primary key (tenant_id, run_id)
) @strict;
create index erasure_run_open on erasure_run (step, tenant_id) where finished_at = 0;

-- How much of each store has gone so far; raised in the transaction that deletes.
create table erasure_count (
  tenant_id text not null,
  run_id    text not null,
  store     text not null,
  n         @int not null,
  primary key (tenant_id, run_id, store)
) @strict;

-- Deciding to erase and placing a hold take turns on this row.
create table erasure_turn (
  tenant_id text not null,
  n         @int not null,
  primary key (tenant_id)
) @strict;

-- Legal holds: what they cover is erased by nobody until they are released.
create table erasure_hold (
  tenant_id   text  not null,
  hold_id     text  not null, -- UUIDv7
  scope       text  not null check (scope in ('tenant', 'person', 'class')),
  person_id   text  not null default '',
  class       text  not null default '', -- retention class
  sealed      @blob not null, -- JSON with the service's own key: reason, authority, reviewer
  placed_at   @int  not null,
  placed_by   text  not null,
  review_by   text  not null, -- day, 2027-03-31
  released_at @int  not null default 0,
  released_by text  not null default '',
  primary key (tenant_id, hold_id)
) @strict;
create index erasure_hold_active on erasure_hold (tenant_id) where released_at = 0;

-- Login IDs of erased people, as blind indexes: none is ever given to somebody else (clause 3-2).
create table identity_retired (
  tenant_id   text  not null,
  login_index @blob not null,
  primary key (tenant_id, login_index)
) @strict;
