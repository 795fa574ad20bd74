-- +goose Up
-- Factors of one's own beside the password: an authenticator app (RFC 6238), passkeys, and recovery codes
-- (issue 3, beyond clause 3-5). Secrets and public keys are sealed with the tenant's key, bound to the
-- account and the row: a row that was moved, changed or made elsewhere does not open.
create table identity_totp (
  tenant_id  text not null,
  account_id text not null,
  secret     @blob not null, -- sealed
  step       @int not null, -- the newest step that was accepted: each counts once
  mac        @blob not null, -- keyed, over the account, the sealed secret and the step
  created_at @int not null,
  used_at    @int not null default 0,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;

create table identity_passkeys (
  tenant_id        text not null,
  passkey_id       text not null, -- UUIDv7
  account_id       text not null,
  credential_index @blob not null, -- SHA-256 of the credential's id, which is random
  credential       @blob not null, -- sealed: public key, counter, flags
  name             @blob not null, -- sealed
  created_at       @int not null,
  used_at          @int not null default 0,
  primary key (tenant_id, passkey_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
create unique index identity_passkeys_credential on identity_passkeys (credential_index);
create index identity_passkeys_account on identity_passkeys (tenant_id, account_id);

-- A recovery code is gone once it is used.
create table identity_recovery (
  tenant_id  text not null,
  account_id text not null,
  code_mac   @blob not null, -- keyed, over the account and the code
  created_at @int not null,
  primary key (tenant_id, account_id, code_mac),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;

-- What is between a question and its answer: a challenge for a passkey, a secret not yet confirmed. The
-- tenant is the service itself while nobody is known. A row is bound to one browser by its token, is used
-- once and lives for minutes.
create table identity_ceremonies (
  tenant_id   text not null,
  ceremony_id text not null,
  account_id  text not null default '',
  kind        text not null,
  token_hash  @blob not null, -- SHA-256 of the kind and the cookie
  data        @blob not null, -- sealed
  tries       @int not null default 0,
  created_at  @int not null,
  expires_at  @int not null,
  primary key (tenant_id, ceremony_id)
) @strict;
create unique index identity_ceremonies_token on identity_ceremonies (token_hash);
create index identity_ceremonies_expiry on identity_ceremonies (expires_at);

-- Roles for which a tenant requires two factors. Without a row the policy's roles do.
create table identity_two_factor (
  tenant_id  text not null,
  roles      @blob not null, -- sealed, separated by commas
  changed_at @int not null,
  primary key (tenant_id),
  foreign key (tenant_id) references tenant (tenant_id)
) @strict;

-- How the second step of a sign-in is asked for, and how the one of a session was answered.
alter table identity_signins add column factor text not null default 'mail';
alter table identity_sessions add column factor text not null default 'mail';
alter table identity_sessions add column proven_at @int not null default 0;
