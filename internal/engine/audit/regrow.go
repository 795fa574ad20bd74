package audit

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/transparency-dev/tessera"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
)

var qBeyond = db.GlobalQ("audit.beyond", `select tenant_id, seq, hash, log_index from audit_event where log_index >= $1 order by log_index limit $2`)

// Regrow adds to an older copy of the transparency log the leaves of events that the database says are in it,
// each at its own place, and signs the result: the same tree as it was when the database had that state. It is
// for a database that was brought to an instant for which the log's files were not kept. It tells how many
// leaves it added. Nobody else may have the folder open.
func Regrow(ctx context.Context, d *db.DB, cfg Config) (added int64, err error) {
	if cfg.CheckpointInterval == 0 {
		cfg.CheckpointInterval = 100 * time.Millisecond
	}
	l := &Log{db: d, cfg: cfg, tree: tree{os.DirFS(cfg.Dir)}}
	size, err := l.tree.integrated()
	if err != nil {
		return 0, err
	}
	if l.key, err = openKey(cfg.keyFile(), false); err != nil {
		return 0, err
	}
	logged, err := l.logged(ctx)
	if err != nil || logged <= size {
		return 0, err
	}
	if l.lock, err = lockDir(cfg.Dir); err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	if err := sweep(cfg.Dir, size, true); err != nil {
		return 0, err
	}
	if err := l.startTessera(); err != nil {
		return 0, err
	}
	for size < logged {
		n, err := l.regrowBatch(ctx, size)
		if err != nil {
			return added, err
		}
		size, added = size+n, added+int64(n)
	}
	if err := l.finish(ctx); err != nil {
		return added, err
	}
	return added, sweep(cfg.Dir, size, true)
}

// placed is an event with its place in the log.
type placed struct {
	head
	index int64
}

func scanPlaced(s db.Scanner) (p placed, err error) {
	return p, s.Scan(&p.tenant, &p.seq, &p.hash, &p.index)
}

func (l *Log) regrowBatch(ctx context.Context, from uint64) (uint64, error) {
	var batch []placed
	err := l.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		batch, err = db.All(tx, qBeyond, scanPlaced, int64(from), shipRows)
		return err
	})
	if err != nil {
		return 0, err
	}
	futures := make([]tessera.IndexFuture, len(batch))
	for i, p := range batch {
		if uint64(p.index) != from+uint64(i) || len(p.hash) != 32 {
			return 0, fault.New(fault.Internal, "audit.log_behind").Because(fmt.Errorf("audit: no event has place %d", from+uint64(i)))
		}
		futures[i] = l.appender.Add(ctx, tessera.NewEntry(leaf{p.tenant, p.seq, [32]byte(p.hash)}.bytes()))
	}
	for i, f := range futures {
		at, err := await(ctx, f)
		if err != nil {
			return 0, err
		}
		if at != from+uint64(i) {
			return 0, diverged(batch[i].head, at)
		}
	}
	if len(batch) == 0 {
		return 0, fault.New(fault.Internal, "audit.log_behind")
	}
	return uint64(len(batch)), nil
}
