-- +goose Up
-- Audit rows are only ever added. This stops mistakes; against intent there is the log (audit verify).

-- +goose StatementBegin
create trigger audit_event_fixed before update of tenant_id, seq, id, at, verb, commitment, prev, hash, sealed on audit_event
begin select raise(abort, 'audit_event is append-only'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger audit_event_logged_once before update of log_index on audit_event
when old.log_index is not null or new.log_index is null
begin select raise(abort, 'log_index is set once'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger audit_event_kept before delete on audit_event
begin select raise(abort, 'audit_event is append-only'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger audit_chain_forward before update on audit_chain
when new.tenant_id <> old.tenant_id or new.seq < old.seq
begin select raise(abort, 'audit_chain only moves forward'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger audit_chain_kept before delete on audit_chain
begin select raise(abort, 'audit_chain is kept'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger audit_seal_fixed before update on audit_seal
begin select raise(abort, 'audit_seal is append-only'); end;
-- +goose StatementEnd

-- +goose StatementBegin
create trigger audit_seal_kept before delete on audit_seal
begin select raise(abort, 'audit_seal is append-only'); end;
-- +goose StatementEnd
