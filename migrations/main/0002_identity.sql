-- +goose Up
-- Accounts, and what signing in leaves behind (clauses 3-2 to 3-5, 3-12). Login IDs, names and addresses
-- are sealed with the tenant's key; login_index is a keyed hash for exact look-up. An account is never
-- deleted while its tenant lives, so that its login ID is never given to somebody else.
create table identity_accounts (
  tenant_id       text not null,
  account_id      text not null, -- UUIDv7
  login_index     @blob not null,
  login           @blob not null, -- sealed
  name            @blob not null, -- sealed
  email           @blob not null, -- sealed
  person_id       text not null default '', -- the employee whose account this is
  state           text not null default 'active' check (state in ('active', 'disabled')),
  password_hash   text not null, -- PHC string, argon2id
  password_rules  @int not null, -- edition of the password rules that it was checked against
  password_set_at @int not null,
  must_change     @int not null default 0,
  first_until     @int not null default 0, -- a first password is void after this
  failures        @int not null default 0, -- counted before the password is looked at
  locked_at       @int not null default 0,
  created_at      @int not null,
  signed_in_at    @int not null default 0,
  primary key (tenant_id, account_id),
  foreign key (tenant_id) references tenant (tenant_id)
) @strict;
create unique index identity_accounts_login on identity_accounts (tenant_id, login_index);
-- One human, one account in a tenant.
create unique index identity_accounts_person on identity_accounts (tenant_id, person_id) where person_id <> '';

-- Roles with their scope: an empty site is every site. Both given, the narrower wins.
create table identity_grants (
  tenant_id  text not null,
  account_id text not null,
  role       text not null,
  site_id    text not null default '',
  dept_id    text not null default '',
  granted_at @int not null,
  granted_by text not null,
  primary key (tenant_id, account_id, role, site_id, dept_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;

-- Browsers that have passed both steps. Each has a counter of its own, so that strangers who lock the
-- account do not lock its owner out. A device never replaces a step.
create table identity_devices (
  tenant_id  text not null,
  device_id  text not null,
  account_id text not null,
  token_hash @blob not null,
  failures   @int not null default 0,
  created_at @int not null,
  used_at    @int not null,
  expires_at @int not null,
  primary key (tenant_id, device_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
create unique index identity_devices_token on identity_devices (token_hash);

-- One attempt to sign in, between the password and the code.
create table identity_signins (
  tenant_id  text not null,
  signin_id  text not null,
  account_id text not null,
  token_hash @blob not null, -- SHA-256 of the cookie
  device_id  text not null default '', -- the device whose counter it runs on
  throttle   text not null, -- row of identity_throttle to forget at success
  state      text not null default 'open' check (state in ('open', 'used', 'dead')),
  code_mac   @blob not null, -- keyed, over this row's id and the code
  tries      @int not null default 0,
  resends    @int not null default 0,
  sent_at    @int not null,
  created_at @int not null,
  primary key (tenant_id, signin_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
create unique index identity_signins_token on identity_signins (token_hash);
create index identity_signins_recent on identity_signins (tenant_id, account_id, created_at);

create table identity_sessions (
  tenant_id   text not null,
  session_id  text not null,
  account_id  text not null,
  token_hash  @blob not null, -- SHA-256 of the cookie
  device_id   text not null default '',
  addr        @blob not null, -- sealed
  agent       @blob not null, -- sealed
  created_at  @int not null,
  seen_at     @int not null,
  screen_at   @int not null default 0, -- when the screen was locked
  ended_at    @int not null default 0,
  end_reason  text not null default '',
  primary key (tenant_id, session_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
create unique index identity_sessions_token on identity_sessions (token_hash);
create index identity_sessions_account on identity_sessions (tenant_id, account_id, ended_at);

-- How soon somebody may try again, by account name and network, whether the account exists or not. The
-- id is a keyed hash of both; rows live for minutes.
create table identity_throttle (
  tenant_id  text not null, -- the service itself
  id         text not null,
  failures   @int not null,
  next_at    @int not null,
  expires_at @int not null,
  primary key (tenant_id, id)
) @strict;
create index identity_throttle_expiry on identity_throttle (tenant_id, expires_at);
