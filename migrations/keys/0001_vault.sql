-- +goose Up
-- The key store. Every key in it is wrapped by the one above it; nothing here opens a record without the root key.

-- A known value under the root key, to notice a lost or exchanged root key at start.
create table key_root (
  id         @int  not null primary key,
  wrapped    @blob not null,
  created_at @int  not null
) @strict;

create table key_tenant (
  tenant_id  text  not null,
  version    @int  not null,
  wrapped    @blob not null,
  created_at @int  not null,
  primary key (tenant_id, version)
) @strict;

create table key_person (
  tenant_id  text  not null,
  person_id  text  not null,
  version    @int  not null,
  wrapped    @blob not null,
  created_at @int  not null,
  primary key (tenant_id, person_id, version)
) @strict;

-- What was destroyed, so that a destroyed key is told from a lost one. person_id is empty for a tenant's
-- key. The proof is made with the key above, so a row that was slipped in proves nothing.
create table key_destroyed (
  tenant_id    text  not null,
  person_id    text  not null,
  destroyed_at @int  not null,
  proof        @blob not null,
  primary key (tenant_id, person_id)
) @strict;
