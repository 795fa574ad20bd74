-- +goose Up
-- What a personnel system's token has done to whom, so that it stands on one page and can be taken back (3-2).
create table scim_acts (
  tenant_id  text not null,
  act_id     text not null,
  token_id   text not null,
  account_id text not null,
  what       text not null,
  sealed     @blob not null, -- what was before
  done_at    @int not null,
  undone_at  @int not null default 0,
  primary key (tenant_id, act_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
create index scim_acts_token on scim_acts (tenant_id, token_id, done_at);

-- Accounts that a personnel system has made: groups give them nothing until an administrator has confirmed who they
-- are, or the roster says the same. Sealed: the person that was named, and whether somebody has decided.
create table scim_joins (
  tenant_id  text not null,
  account_id text not null,
  sealed     @blob not null,
  asked_at   @int not null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
