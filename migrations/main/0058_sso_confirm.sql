-- +goose Up
-- That somebody else has looked at a connection whose provider is trusted with both steps (clause 3-5). Sealed with
-- a digest of the settings that were looked at: other settings, and it counts no more.
create table sso_confirmations (
  tenant_id     text not null,
  connection_id text not null,
  sealed        @blob not null,
  confirmed_at  @int not null,
  primary key (tenant_id, connection_id),
  foreign key (tenant_id, connection_id) references sso_connections (tenant_id, connection_id) on delete cascade
) @strict;
