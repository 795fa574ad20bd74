-- +goose Up
-- Access of the association to one tenant for a while (AC-OPERATOR). A row belongs to the tenant that is
-- looked into, so that the tenant always sees it; home_id is the tenant of whoever asks. Nobody decides the
-- own request, and nothing is approved without somebody: the table itself refuses it. The MAC binds what the
-- row says with the tenant's key: one written past the service opens nothing.
create table support_accesses (
  tenant_id    text not null,
  access_id    text not null, -- UUIDv7
  home_id      text not null,
  account_id   text not null, -- who asks, in home_id
  asker        @blob not null, -- the asker's name, sealed with the tenant's key
  scope        text not null check (scope in ('lists', 'person')),
  person       @blob not null, -- employee number, sealed; empty text for lists
  reason       @blob not null, -- sealed
  ticket       text not null,
  minutes      @int not null check (minutes between 15 and 240),
  asked_at     @int not null,
  state        text not null default 'asked' check (state in ('asked', 'approved', 'refused', 'ended')),
  decided_by   text not null default '' check (decided_by <> account_id),
  decider      @blob, -- the decider's name, sealed
  decided_at   @int not null default 0,
  ends_at      @int not null default 0,
  session_id   text not null default '', -- the one session that entered
  person_id    text not null default '', -- found at entering
  entered_at   @int not null default 0,
  ended_at     @int not null default 0,
  end_reason   text not null default '',
  mac          @blob not null,
  primary key (tenant_id, access_id),
  foreign key (tenant_id) references tenant (tenant_id),
  check (state <> 'approved' or (decided_by <> '' and ends_at > decided_at and ends_at - decided_at <= 14400000000))
) @strict;
create index support_accesses_home on support_accesses (home_id, asked_at);
create index support_accesses_session on support_accesses (session_id);
