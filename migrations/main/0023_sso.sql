-- +goose Up
-- Signing in through a tenant's own identity provider (clause 3-3). What a provider is and its secret are
-- sealed with the tenant's key.
create table sso_connections (
  tenant_id     text not null,
  connection_id text not null,
  kind          text not null check (kind in ('oidc', 'saml')),
  config        @blob not null, -- sealed
  enabled       @int not null default 0,
  created_at    @int not null,
  changed_at    @int not null,
  primary key (tenant_id, connection_id),
  foreign key (tenant_id) references tenant (tenant_id)
) @strict;

-- One attempt, bound to one browser by its cookie, used once and short-lived.
create table sso_flows (
  tenant_id     text not null,
  flow_id       text not null,
  connection_id text not null,
  token_hash    @blob not null, -- SHA-256 of the cookie
  state         text not null default 'open' check (state in ('open', 'answered', 'used')),
  secret        @blob not null, -- sealed: what was sent to the provider
  answer        @blob not null, -- sealed: who the provider says it is, between the answer and the same browser's next request
  created_at    @int not null,
  primary key (tenant_id, flow_id),
  foreign key (tenant_id, connection_id) references sso_connections (tenant_id, connection_id) on delete cascade
) @strict;
create unique index sso_flows_token on sso_flows (token_hash);

-- The first sign-in ties a subject of a provider to an account; from then on only the subject counts.
create table sso_links (
  tenant_id     text not null,
  link_id       text not null,
  connection_id text not null,
  account_id    text not null,
  subject_index @blob not null, -- keyed hash of issuer and subject
  subject       @blob not null, -- sealed
  created_at    @int not null,
  used_at       @int not null,
  primary key (tenant_id, link_id),
  foreign key (tenant_id, connection_id) references sso_connections (tenant_id, connection_id) on delete cascade,
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
create unique index sso_links_subject on sso_links (tenant_id, subject_index);
create unique index sso_links_account on sso_links (tenant_id, connection_id, account_id);

-- Assertions that have been used, until they have expired anyway.
create table sso_assertions (
  tenant_id  text not null,
  id         @blob not null, -- keyed hash of issuer and assertion id
  expires_at @int not null,
  primary key (tenant_id, id)
) @strict;

-- Roles that may not use a password.
create table sso_only_roles (
  tenant_id text not null,
  role      text not null,
  set_at    @int not null,
  primary key (tenant_id, role),
  foreign key (tenant_id) references tenant (tenant_id)
) @strict;
