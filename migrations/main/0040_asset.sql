-- +goose Up
-- The ledger of what the service consists of (clause 2-4): entered from what is really there, never typed.
create table asset_entry (
  tenant_id   text not null, -- the system tenant, as in all of these tables
  asset_id    text not null, -- store:main.db, listener:…, key:…
  kind        text not null,
  name        text not null,
  location    text not null,
  facts       text not null, -- newest figures
  class       text not null check (class in ('', 'sensitive', 'confidential', 'internal', 'published')),
  owner       text not null,
  disposal    text not null,
  created_by  text not null, -- 'service' or the account that answers for it
  first_seen  @int not null,
  last_seen   @int not null,
  disposed_at @int not null, -- 0 while it is there
  primary key (tenant_id, asset_id)
) @strict;

-- One way through the procedure: asked by one person, decided by another, carried out, looked at.
create table asset_disposal (
  tenant_id   text not null,
  disposal_id text not null,
  asset_id    text not null,
  reason      text not null,
  asked_by    text not null,
  asked_at    @int not null,
  decided_by  text not null,
  decided_at  @int not null,
  state       text not null check (state in ('asked', 'approved', 'declined', 'done', 'failed')),
  done_at     @int not null,
  record      text not null, -- JSON
  primary key (tenant_id, disposal_id),
  check (state <> 'approved' or decided_by <> asked_by),
  foreign key (tenant_id, asset_id) references asset_entry (tenant_id, asset_id)
) @strict;

-- A marked text that is deleted again, to see that its place is given back blank.
create table asset_canary (
  tenant_id text not null,
  canary_id text not null,
  content   @blob not null,
  primary key (tenant_id, canary_id)
) @strict;
