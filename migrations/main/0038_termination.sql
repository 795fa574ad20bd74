-- +goose Up
-- Customers on their way out. The case belongs to the service and outlives the tenant: it is sealed with the
-- service's own key, and found by a blind index of the tenant.
create table termination (
  tenant_id text  not null, -- the system tenant
  case_id   text  not null,
  about     @blob not null,
  phase     text  not null check (phase in ('requested', 'confirmed', 'erasing', 'held', 'erased', 'closed', 'cancelled')),
  version   @int  not null, -- raised by every change: two who act on the same state do not both win
  sealed    @blob not null, -- JSON
  primary key (tenant_id, case_id)
) @strict;
create unique index termination_open on termination (tenant_id, about) where phase not in ('closed', 'cancelled');
