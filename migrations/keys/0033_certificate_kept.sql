-- +goose Up
-- Copies of certificates of erasure, of their signing keys and of revocations. The key store is always restored from its
-- newest copy, whatever backup the records come from, so what customers have been given is not forgotten by a restore.
create table certificate_kept (
  tenant_id text  not null, -- the system tenant
  item_id   text  not null, -- key/… or certificate/…
  sealed    @blob not null, -- with the system tenant's key; no health data
  primary key (tenant_id, item_id)
) @strict;
