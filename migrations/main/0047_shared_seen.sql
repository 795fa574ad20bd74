-- +goose Up
-- Accounts that look shared and that somebody has looked into (clause 3-2): with how many browsers it looked so
-- then. The reason is sealed, the MAC binds the row.
create table identity_shared_seen (
  tenant_id  text not null,
  account_id text not null,
  devices    @int not null,
  seen_at    @int not null,
  seen_by    text not null, -- account
  reason     @blob not null, -- sealed
  mac        @blob not null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
