-- +goose Up
-- Sealed emergency accounts (AC-BREAKGLASS): what lies in the envelope, whether it was opened, and what was
-- found afterwards. The codes are sealed with the tenant's key; the MAC binds the row.
create table identity_sealed (
  tenant_id   text not null,
  account_id  text not null,
  state       text not null check (state in ('sealed', 'broken', 'open', 'spent')),
  codes       @blob, -- sealed; gone once spent
  code        @int not null default 0, -- the number of the code asked for last
  sealed_at   @int not null,
  sealed_by   text not null, -- an account, or 'host'
  broken_at   @int not null default 0, -- the password was used
  opened_at   @int not null default 0, -- the second step was passed
  session_id  text not null default '',
  drill       @int not null default 0,
  reason      @blob, -- sealed
  ended_at    @int not null default 0,
  reviewed_at @int not null default 0,
  reviewed_by text not null default '',
  finding     @blob, -- sealed
  drilled_at  @int not null default 0, -- the last drill, kept when it is sealed anew
  mac         @blob not null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
