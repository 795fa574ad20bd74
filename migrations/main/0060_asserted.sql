-- +goose Up
-- What a session owes to its tenant's provider: through which connection somebody came in, and what is needed to end the
-- provider's session too. The id is that of the sign-in until its second step is done, and then that of the session. It
-- goes with the session.
create table identity_asserted (
  tenant_id  text not null,
  id         text not null,
  account_id text not null,
  sealed     @blob not null,
  created_at @int not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, account_id) references identity_accounts (tenant_id, account_id)
) @strict;
create index identity_asserted_account on identity_asserted (tenant_id, account_id);
