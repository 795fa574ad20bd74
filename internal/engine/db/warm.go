package db

import (
	"context"
	"database/sql"
	"time"
)

// cached returns the statement that the pool keeps prepared, or nil. PostgreSQL's driver keeps its own.
func (d *DB) cached(pool *sql.DB, q Query) *sql.Stmt {
	d.stmtMu.RLock()
	defer d.stmtMu.RUnlock()
	return d.stmts[pool][q.name]
}

// warm prepares statements on the pool for the transactions to come, behind the back of whoever has just
// committed: on a busy pool of one connection it has to wait its turn. A failure only costs time.
func (d *DB) warm(pool *sql.DB, cold []Query) {
	if len(cold) == 0 || !d.warming.TryLock() {
		return
	}
	go func() {
		defer d.warming.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		for _, q := range cold {
			if d.cached(pool, q) != nil {
				continue
			}
			s, err := pool.PrepareContext(ctx, q.on(d.cfg.Engine))
			if err != nil {
				return
			}
			d.stmtMu.Lock()
			if d.stmts[pool] == nil {
				d.stmts[pool] = map[string]*sql.Stmt{}
			}
			d.stmts[pool][q.name] = s
			d.stmtMu.Unlock()
		}
	}()
}
