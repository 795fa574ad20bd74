-- +goose Up
-- The newest entry of the erasure ledger, so that every copy of the key store tells how long the ledger
-- must be at least: one that was cut is noticed also after everything else was lost.
create table erasure_head (
  tenant_id text  not null, -- the system tenant
  n         @int  not null,
  hash      @blob not null,
  mac       @blob not null,
  primary key (tenant_id)
) @strict;
