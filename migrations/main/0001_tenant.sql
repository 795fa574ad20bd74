-- +goose Up
-- Who has a contract with the service. The code is what people type at sign-in; the name is sealed with
-- the tenant's key. A code is never given to another tenant, closed or not.
create table tenant (
  tenant_id  text not null, -- UUIDv7
  code       text not null unique,
  kind       text not null check (kind in ('customer', 'association', 'probe')),
  name       @blob not null, -- sealed
  created_at @int not null,
  closed_at  @int not null default 0,
  primary key (tenant_id)
) @strict;
