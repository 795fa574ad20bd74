-- +goose Up
-- Versions of keys that were destroyed while the key itself lives on. The proof is made with the tenant's key.
create table key_retired (
  tenant_id  text  not null,
  person_id  text  not null, -- empty: the tenant's own key
  version    @int  not null,
  retired_at @int  not null,
  proof      @blob not null,
  primary key (tenant_id, person_id, version)
) @strict;

-- Rotations under way and done. It stands in the key store, so that its state and the keys' fit together.
create table key_work (
  tenant_id    text not null, -- whose keys; the system's for the root key
  id           text not null,
  kind         text not null check (kind in ('root', 'tenant', 'person', 'rewrap', 'move')),
  person_id    text not null,
  from_version text not null, -- what was the newest version when it began
  state        text not null check (state in ('running', 'done', 'failed')),
  step         text not null,
  done         @int not null,
  total        @int not null,
  error        text not null, -- the code of a fault
  started_at   @int not null,
  changed_at   @int not null,
  primary key (tenant_id, id)
) @strict;
