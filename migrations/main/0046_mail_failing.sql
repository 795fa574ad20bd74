-- +goose Up
-- Addresses that mail doesn't reach (clause 3-5): refused by the relay, or returned. A row counts only for the
-- address whose keyed hash it names, and only while its MAC verifies.
create table identity_mail_failing (
  tenant_id  text not null,
  account_id text not null,
  how        text not null check (how in ('refused', 'returned')),
  status     text not null default '', -- RFC 3463, '5.1.1'
  failed_at  @int not null,
  address    @blob not null,
  mac        @blob not null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
