package db

import (
	"database/sql"
	"time"

	"rakudos/internal/base/fault"
)

// Scanner is one row.
type Scanner interface{ Scan(dest ...any) error }

// All collects every row: close the result before the next statement, or a small pool deadlocks.
func All[T any](t *Tx, q Query, scan func(Scanner) (T, error), args ...any) ([]T, error) {
	var out []T
	err := Each(t, q, func(s Scanner) error {
		v, err := scan(s)
		if err == nil {
			out = append(out, v)
		}
		return err
	}, args...)
	return out, err
}

// Each streams rows. fn must not run another statement of the same transaction.
func Each(t *Tx, q Query, fn func(Scanner) error, args ...any) error {
	r, err := t.query(q, args)
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // the error that matters is r.Err below
	for r.Next() {
		if err := fn(r); err != nil {
			return t.db.wrap(q.name, err)
		}
	}
	return t.db.wrap(q.name, r.Err())
}

// One returns the first row, or a fault of kind Missing, code "db.missing".
func One[T any](t *Tx, q Query, scan func(Scanner) (T, error), args ...any) (T, error) {
	var out T
	found := false
	r, err := t.query(q, args)
	if err != nil {
		return out, err
	}
	defer r.Close() //nolint:errcheck // as above
	if r.Next() {
		found = true
		if out, err = scan(r); err != nil {
			return out, t.db.wrap(q.name, err)
		}
	}
	if err := r.Err(); err != nil {
		return out, t.db.wrap(q.name, err)
	}
	if !found {
		return out, fault.New(fault.Missing, "db.missing").Because(sql.ErrNoRows)
	}
	return out, nil
}

// Value returns the single column of the first row.
func Value[T any](t *Tx, q Query, args ...any) (T, error) {
	return One(t, q, func(s Scanner) (T, error) {
		var v T
		return v, s.Scan(&v)
	}, args...)
}

// Column collects a single column.
func Column[T any](t *Tx, q Query, args ...any) ([]T, error) {
	return All(t, q, func(s Scanner) (T, error) {
		var v T
		return v, s.Scan(&v)
	}, args...)
}

// Micros is how instants are stored: UTC microseconds; the zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time reads a stored instant; 0 is the zero time.
func Time(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
