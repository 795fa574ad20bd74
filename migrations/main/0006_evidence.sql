-- +goose Up
-- What each run of a probe measured. Rows are only ever added; each is also an event of the audit log,
-- written in the same transaction (audit_ref), so that evidence can't be improved afterwards unseen.
create table evidence (
  tenant_id     text not null, -- the service itself
  control_id    text not null, -- "AC-LOCK"
  id            text not null, -- UUIDv7
  observed_at   @int not null, -- when the probe had finished
  took          @int not null, -- microseconds, probe and mutant together
  result        text not null check (result in ('ok', 'broken', 'error')),
  measured      text not null, -- one Japanese sentence
  facts         text not null, -- JSON object
  failed        text not null, -- JSON array of the entities that broke the promise
  reason        text not null, -- why the probe could not look, for the reader; empty otherwise
  mutant_result text not null check (mutant_result in ('caught', 'missed', 'error', 'none')),
  mutant_at     @int not null, -- 0 when it did not run
  build         text not null, -- version of the program whose probe this was
  audit_ref     text not null,
  primary key (tenant_id, control_id, id)
) @strict;

create index evidence_newest on evidence (tenant_id, control_id, observed_at);
