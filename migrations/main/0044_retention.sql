-- +goose Up
-- A contract's longer period for a class of records; never shorter than the law's (clause 6-1).
create table retention_rule (
  tenant_id text  not null,
  class     text  not null,
  years     @int  not null check (years between 1 and 100),
  sealed    @blob not null, -- JSON with the tenant's key: where the contract says so
  set_by    text  not null, -- account
  set_at    @int  not null,
  primary key (tenant_id, class)
) @strict;

-- What has outlived its period and waits for two different people, and what became of it. Identifiers only.
create table retention_candidate (
  tenant_id    text  not null,
  candidate_id text  not null, -- UUIDv7
  kind         text  not null check (kind in ('person', 'record')),
  unit         text  not null, -- table of a single record; '' for a person
  subject      text  not null, -- the record's or the person's identifier
  person_id    text  not null,
  class        text  not null,
  base         text  not null, -- day, 2020-04-01
  keep_until   text  not null, -- day: the last one on which it must be there
  state        text  not null check (state in ('open', 'approved', 'erasing', 'erased', 'declined', 'dropped')),
  listed_at    @int  not null,
  customer_by  text  not null default '', -- account of the customer's administrator
  customer_at  @int  not null default 0,
  desk_by      text  not null default '', -- account of the association's
  desk_at      @int  not null default 0,
  ended_by     text  not null default '',
  ended_at     @int  not null default 0,
  why          text  not null default '', -- dropped: 'held' or 'changed'
  reason       @blob not null, -- of a decline, with the service's own key; else empty
  again_on     text  not null default '', -- day on which a declined one may be listed again
  batch        text  not null default '', -- erased together under this reference
  run_id       text  not null default '', -- of the gateway
  primary key (tenant_id, candidate_id),
  check (customer_by = '' or desk_by = '' or customer_by <> desk_by),
  check (state not in ('approved', 'erasing', 'erased') or (customer_by <> '' and desk_by <> ''))
) @strict;
create unique index retention_candidate_open on retention_candidate (tenant_id, kind, subject) where state in ('open', 'approved', 'erasing');
create index retention_candidate_state on retention_candidate (state, tenant_id);

-- The newest night that has looked at every tenant.
create table retention_night (
  tenant_id text not null, -- the system tenant
  night     text not null, -- day
  at        @int not null,
  listed    @int not null,
  primary key (tenant_id)
) @strict;
