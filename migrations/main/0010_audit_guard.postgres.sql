-- +goose Up
-- Audit rows are only ever added. This stops mistakes; against intent there is the log (audit verify).

-- +goose StatementBegin
create function audit_refuse() returns trigger language plpgsql as $body$
begin raise exception '% is append-only', tg_table_name; end $body$;
-- +goose StatementEnd

create trigger audit_event_fixed before update of tenant_id, seq, id, at, verb, commitment, prev, hash, sealed on audit_event
  for each row execute function audit_refuse();
create trigger audit_event_logged_once before update of log_index on audit_event
  for each row when (old.log_index is not null or new.log_index is null) execute function audit_refuse();
create trigger audit_event_kept before delete on audit_event for each row execute function audit_refuse();
create trigger audit_event_whole before truncate on audit_event for each statement execute function audit_refuse();
create trigger audit_chain_forward before update on audit_chain
  for each row when (new.tenant_id <> old.tenant_id or new.seq < old.seq) execute function audit_refuse();
create trigger audit_chain_kept before delete on audit_chain for each row execute function audit_refuse();
create trigger audit_chain_whole before truncate on audit_chain for each statement execute function audit_refuse();
create trigger audit_seal_fixed before update or delete on audit_seal for each row execute function audit_refuse();
create trigger audit_seal_whole before truncate on audit_seal for each statement execute function audit_refuse();
