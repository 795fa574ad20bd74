package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"rakudos/internal/base/fault"
)

// wrap turns an engine's error into a fault; a fault and nil pass unchanged. No other place knows the codes.
func (d *DB) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Fault
	if errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	err = fmt.Errorf("db: %s: %w", what, err)
	var se *sqlite.Error
	if errors.As(err, &se) {
		return fromSQLite(se, err)
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return fromPostgres(pe, err)
	}
	return fault.New(fault.Internal, "db.failed").Because(err)
}

func fromSQLite(e *sqlite.Error, err error) error {
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return fault.New(fault.Conflict, "db.duplicate").Because(err)
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fault.New(fault.Conflict, "db.reference").Because(err)
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fault.New(fault.Busy, "db.busy").Because(err)
	case lib.SQLITE_FULL, lib.SQLITE_IOERR:
		return fault.New(fault.Internal, "db.full").Because(err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fault.New(fault.Internal, "db.corrupt").Because(err)
	}
	return fault.New(fault.Internal, "db.failed").Because(err)
}

func fromPostgres(e *pgconn.PgError, err error) error {
	switch e.Code {
	case "23505":
		return fault.New(fault.Conflict, "db.duplicate").Because(err)
	case "23503":
		return fault.New(fault.Conflict, "db.reference").Because(err)
	case "40001", "40P01", "55P03":
		return fault.New(fault.Busy, "db.busy").Because(err)
	case "53100", "58030":
		return fault.New(fault.Internal, "db.full").Because(err)
	case "42501":
		return fault.New(fault.Internal, "db.row_security").Because(err)
	}
	return fault.New(fault.Internal, "db.failed").Because(err)
}
