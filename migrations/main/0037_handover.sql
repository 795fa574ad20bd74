-- +goose Up
-- Hand-overs of a tenant's records: the file itself is sealed with the tenant's key among its files.
create table handover (
  tenant_id   text not null,
  handover_id text not null,
  state       text not null check (state in ('making', 'ready', 'failed', 'expired')),
  asked_by    text not null, -- account
  asked_at    @int not null,
  ready_at    @int not null default 0,
  expires_at  @int not null default 0,
  bytes       @int not null default 0,
  rows_n      @int not null default 0,
  digest      text not null default '', -- SHA-256 of the file, in hexadecimal
  taken_n     @int not null default 0,
  taken_at    @int not null default 0,
  fault       text not null default '', -- code
  primary key (tenant_id, handover_id)
) @strict;
create index handover_due on handover (state, expires_at);
