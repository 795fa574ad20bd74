-- +goose Up
-- What happened, unalterable: one hash chain per tenant. Every column of every audit_ table is covered by
-- `rakudos audit verify`.

-- The head of each chain; its row is locked while an event is appended.
create table audit_chain (
  tenant_id text  not null,
  seq       @int  not null,
  hash      @blob not null,
  primary key (tenant_id)
) @strict;

-- hash = SHA-256(domain, prev, tenant, seq, id, at, verb, commitment); commitment = SHA-256 of the salted
-- body; sealed is that body under the tenant's key. Who, whom, why and the result are in the body, so they
-- vanish with the key while the chain stands. log_index is the event's leaf in the transparency log.
create table audit_event (
  tenant_id  text  not null,
  seq        @int  not null,
  id         text  not null,
  at         @int  not null,
  verb       text  not null,
  commitment @blob not null,
  prev       @blob not null,
  hash       @blob not null,
  sealed     @blob not null,
  log_index  @int,
  primary key (tenant_id, seq)
) @strict;

create index audit_event_at on audit_event (tenant_id, at);
create index audit_event_waiting on audit_event (at, tenant_id, seq) where log_index is null;
create unique index audit_event_logged on audit_event (log_index) where log_index is not null;

-- Derived from the bodies: which events are about a person.
create table audit_person (
  tenant_id text not null,
  person_id text not null,
  seq       @int not null,
  primary key (tenant_id, person_id, seq)
) @strict;

create index audit_person_event on audit_person (tenant_id, seq, person_id);

-- A signed list of the heads of all chains, one for each clean stop; seq is the event "audit.sealed".
create table audit_seal (
  tenant_id text  not null,
  seq       @int  not null,
  at        @int  not null,
  heads     @blob not null,
  signature @blob not null,
  primary key (tenant_id, seq)
) @strict;
