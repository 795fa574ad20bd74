package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// Tx is a transaction bound to one tenant, or to Global.
type Tx struct {
	ctx   context.Context
	db    *DB
	tx    *sql.Tx
	pool  *sql.DB
	scope ids.Tenant
	after []func()
	stmts map[string]*sql.Stmt
	cold  []Query // prepared for this transaction only
}

// attempts bounds how often a transaction is run when the engine says "busy" or "serialization failure".
const attempts = 3

// Tx runs fn in a writing transaction. fn may run again when the engine was busy, so it must not have
// effects outside the transaction other than through OnCommit.
func (d *DB) Tx(ctx context.Context, scope ids.Tenant, fn func(*Tx) error) error {
	var err error
	for n := range attempts {
		if n > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(n*n) * 20 * time.Millisecond):
			}
		}
		if err = d.run(ctx, d.write, scope, nil, fn); !fault.Is(err, fault.Busy) || fault.Of(err).Code != "db.busy" {
			return err
		}
	}
	return err
}

// View runs fn in a reading transaction: one consistent state, no waiting for the writer.
func (d *DB) View(ctx context.Context, scope ids.Tenant, fn func(*Tx) error) error {
	var opt *sql.TxOptions
	if d.cfg.Engine == Postgres {
		opt = &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
	}
	return d.run(ctx, d.read, scope, opt, fn)
}

func (d *DB) run(ctx context.Context, pool *sql.DB, scope ids.Tenant, opt *sql.TxOptions, fn func(*Tx) error) (err error) {
	if scope == "" {
		return fault.New(fault.Internal, "db.no_scope")
	}
	x, err := pool.BeginTx(ctx, opt)
	if err != nil {
		return d.wrap("begin", err)
	}
	t := &Tx{ctx: ctx, db: d, tx: x, pool: pool, scope: scope}
	done := false
	defer func() {
		if !done { // fn failed or panicked
			if e := x.Rollback(); e != nil && err != nil && !errors.Is(e, sql.ErrTxDone) {
				err = errors.Join(err, d.wrap("rollback", e))
			}
		}
	}()
	if d.cfg.Engine == Postgres {
		if _, err := x.ExecContext(ctx, "select set_config('app.tenant', $1, true)", string(scope)); err != nil {
			return d.wrap("scope", err)
		}
	}
	if err := fn(t); err != nil {
		return err
	}
	if err := x.Commit(); err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil { // whoever asked went away, and it was rolled back
			err = ctx.Err()
		}
		return d.wrap("commit", err)
	}
	done = true
	d.warm(pool, t.cold)
	for _, f := range t.after {
		f()
	}
	return nil
}

// Context of the transaction.
func (t *Tx) Context() context.Context { return t.ctx }

// Scope is the tenant of the transaction, or Global.
func (t *Tx) Scope() ids.Tenant { return t.scope }

// Engine behind the transaction.
func (t *Tx) Engine() Engine { return t.db.cfg.Engine }

// Replan makes PostgreSQL forget the plans of this session, those of its foreign-key checks included: one
// made while a table was empty may read the whole of it for every row that a bulk load adds. Call it in a
// transaction that has added, or is about to add, very many rows. SQLite plans without such memory.
func (t *Tx) Replan() error {
	if t.db.cfg.Engine != Postgres {
		return nil
	}
	_, err := t.tx.ExecContext(t.ctx, "discard plans")
	return t.db.wrap("replan", err)
}

// OnCommit runs f after the transaction has been committed; never when it is rolled back.
func (t *Tx) OnCommit(f func()) { t.after = append(t.after, f) }

// Exec runs a statement and returns the number of rows that it touched.
func (t *Tx) Exec(q Query, args ...any) (int64, error) {
	if err := t.guard(q, args); err != nil {
		return 0, err
	}
	var r sql.Result
	var err error
	if t.db.cfg.Engine == SQLite {
		var s *sql.Stmt
		if s, err = t.prepared(q); err == nil {
			// A cancellable context would cost a goroutine for each row; the transaction checks it itself.
			r, err = s.ExecContext(context.WithoutCancel(t.ctx), args...)
		}
	} else {
		r, err = t.tx.ExecContext(t.ctx, q.text, args...)
	}
	if err != nil {
		return 0, t.db.wrap(q.name, err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return 0, t.db.wrap(q.name, err)
	}
	return n, nil
}

func (t *Tx) query(q Query, args []any) (*sql.Rows, error) {
	if err := t.guard(q, args); err != nil {
		return nil, err
	}
	var r *sql.Rows
	var err error
	if t.db.cfg.Engine == SQLite {
		var s *sql.Stmt
		if s, err = t.prepared(q); err == nil {
			r, err = s.QueryContext(t.ctx, args...)
		}
	} else {
		r, err = t.tx.QueryContext(t.ctx, q.text, args...)
	}
	if err != nil {
		return nil, t.db.wrap(q.name, err)
	}
	return r, nil
}

// prepared returns q's statement bound to this transaction's connection. A statement that the pool does
// not know yet is prepared here and left to warm: preparing on the pool would wait for our own connection.
func (t *Tx) prepared(q Query) (*sql.Stmt, error) {
	if s := t.stmts[q.name]; s != nil {
		return s, nil
	}
	if t.stmts == nil {
		t.stmts = map[string]*sql.Stmt{}
	}
	if s := t.db.cached(t.pool, q); s != nil {
		t.stmts[q.name] = t.tx.StmtContext(t.ctx, s)
		return t.stmts[q.name], nil
	}
	s, err := t.tx.PrepareContext(t.ctx, q.on(SQLite))
	if err != nil {
		return nil, err
	}
	t.stmts[q.name] = s
	t.cold = append(t.cold, q)
	return s, nil
}

// guard is the second lock beside row-level security, and the only one on SQLite: a statement about one
// tenant's rows must be given the tenant of its transaction.
func (t *Tx) guard(q Query, args []any) error {
	if t.ctx.Err() != nil {
		return t.ctx.Err()
	}
	if !storable(args) {
		return fault.New(fault.Invalid, "db.text")
	}
	if q.global || t.scope == Global {
		return nil
	}
	for _, a := range args {
		switch v := a.(type) {
		case ids.Tenant:
			if v == t.scope {
				return nil
			}
		case string:
			if v == string(t.scope) {
				return nil
			}
		}
	}
	return fault.New(fault.Internal, "db.foreign_tenant").Because(fmt.Errorf("%s lacks the tenant of its transaction", q.name))
}
