-- +goose Up
-- What a tenant chooses about signing in; without a row the policy's figures hold.
create table identity_settings (
  tenant_id      text not null,
  screen_minutes @int not null check (screen_minutes between 15 and 60),
  changed_at     @int not null,
  primary key (tenant_id),
  foreign key (tenant_id) references tenant (tenant_id)
) @strict;

-- A new mail address waits for a day, during which its owner is told at the old one and can take it back.
create table identity_email_changes (
  tenant_id  text not null,
  account_id text not null,
  email      @blob not null, -- sealed
  asked_at   @int not null,
  due_at     @int not null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
