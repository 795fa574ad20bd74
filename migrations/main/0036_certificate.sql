-- +goose Up
-- Certificates of erasure. They belong to the service and not to the tenant they speak of, for they must
-- outlive it and its key by ten years: everything in them is sealed with the service's own key.

-- Keys that sign. The private half is sealed; a retired key keeps its public half for ever.
create table certificate_key (
  tenant_id  text  not null, -- the system tenant, as in all of these tables
  key_id     text  not null,
  public     text  not null, -- note verifier key
  sealed     @blob not null,
  created_at @int  not null,
  retired_at @int  not null default 0,
  primary key (tenant_id, key_id)
) @strict;

create table certificate (
  tenant_id      text  not null,
  certificate_id text  not null,
  slot           text  not null, -- what it certifies; issued once, however often a job is run again
  about          @blob not null, -- blind index of the tenant it speaks of
  digest         text  not null, -- of the signed text, in hexadecimal
  stage          @int  not null check (stage in (1, 2)),
  state          text  not null check (state in ('issued', 'with_exceptions', 'revoked')),
  issued_at      @int  not null,
  keep_until     text  not null, -- the day in Japan until which it must be there
  log_seq        @int  not null, -- its event in the service's own chain
  sealed         @blob not null, -- signed text and signature
  proof          @blob,          -- sealed; once its event is in the published log
  revocation     @blob,          -- sealed
  revoked_at     @int  not null default 0,
  primary key (tenant_id, certificate_id)
) @strict;
create unique index certificate_slot on certificate (tenant_id, slot);
create index certificate_about on certificate (tenant_id, about);
