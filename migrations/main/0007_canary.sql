-- +goose Up
-- One invented record of each probe tenant, written and looked for by the probe of clause 3-11a.
create table vault_canary (
  tenant_id  text  not null,
  written_at @int  not null,
  by_tenant  @blob not null,
  by_person  @blob not null,
  primary key (tenant_id)
) @strict;
