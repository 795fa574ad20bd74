-- +goose Up
-- Somebody who has forgotten the password asks for another; an administrator decides. A mail alone never
-- gives one.
create table identity_resets (
  tenant_id  text not null,
  account_id text not null,
  asked_at   @int not null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
