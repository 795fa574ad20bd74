-- +goose Up
-- Joiners and leavers from a tenant's own personnel system (SCIM 2.0). What opens a door is sealed as a
-- whole: whoever writes into the database can make neither a token nor a membership.
create table scim_tokens (
  tenant_id  text not null,
  token_id   text not null,
  token_hash @blob not null, -- SHA-256 of 256 random bits
  sealed     @blob not null, -- label, owner, hash and instants
  created_at @int not null,
  expires_at @int not null,
  used_at    @int not null default 0,
  revoked_at @int not null default 0,
  primary key (tenant_id, token_id),
  foreign key (tenant_id) references tenant (tenant_id)
) @strict;
create unique index scim_tokens_hash on scim_tokens (token_hash);

-- What the personnel system says of an account beyond the account itself.
create table scim_users (
  tenant_id  text not null,
  account_id text not null,
  external   @blob not null, -- sealed: the personnel system's own id
  disabled   @int not null default 0, -- disabled by the personnel system, which may therefore enable again
  deleted_at @int not null default 0, -- taken away there; the account stays disabled here, its login ID taken
  changed_at @int not null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;

create table scim_groups (
  tenant_id  text not null,
  group_id   text not null,
  sealed     @blob not null, -- name, members, and the role that an administrator has approved
  version    @int not null,
  created_at @int not null,
  changed_at @int not null,
  primary key (tenant_id, group_id),
  foreign key (tenant_id) references tenant (tenant_id)
) @strict;

-- Roles that an account has by its groups, so that those given by hand are never taken by them.
create table scim_given (
  tenant_id  text not null,
  account_id text not null,
  role       text not null,
  primary key (tenant_id, account_id, role),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
