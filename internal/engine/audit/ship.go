package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/transparency-dev/tessera"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
)

// logged is how many leaves the database knows.
func (l *Log) logged(ctx context.Context) (n uint64, err error) {
	err = l.db.View(ctx, db.Global, func(tx *db.Tx) error {
		v, err := db.Value[int64](tx, qLogged)
		n = uint64(v)
		return err
	})
	return n, err
}

// shipAll sends every waiting event.
func (l *Log) shipAll(ctx context.Context) error {
	l.ship.Lock()
	defer l.ship.Unlock()
	for {
		n, err := l.shipBatch(ctx)
		if err != nil || n < shipRows {
			return err
		}
	}
}

// shipBatch adds up to shipRows waiting events to the tree, waits until they are integrated and records
// their places. When an earlier batch was integrated but not recorded, that is made good first, so no
// event gets two leaves.
func (l *Log) shipBatch(ctx context.Context) (int, error) {
	if l.closed.Load() {
		return 0, fault.New(fault.Internal, "audit.closed")
	}
	size, err := l.tree.integrated()
	if err != nil {
		return 0, err
	}
	if err := l.reconcile(ctx, size); err != nil {
		return 0, err
	}
	var waiting []head
	err = l.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		waiting, err = db.All(tx, qWaiting, scanHead, shipRows)
		return err
	})
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	if l.unsure || ctx.Err() != nil {
		return 0, errors.Join(errUnsure(l.unsure), ctx.Err())
	}
	// What has been handed over is waited for even when the service is told to stop meanwhile: an entry that
	// is integrated after nobody listens any more would be added a second time.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), addWithin)
	defer cancel()
	futures := make([]tessera.IndexFuture, len(waiting))
	for i, h := range waiting {
		futures[i] = l.appender.Add(ctx, tessera.NewEntry(leaf{h.tenant, h.seq, [32]byte(h.hash)}.bytes()))
	}
	at := make([]uint64, len(waiting))
	for i, f := range futures {
		index, err := await(ctx, f)
		if err != nil {
			l.unsure = true
			return 0, fmt.Errorf("audit: add to the log: %w", err)
		}
		at[i] = index
	}
	return len(waiting), l.record(ctx, waiting, at)
}

// addWithin bounds how long the tree may take for one batch.
const addWithin = 30 * time.Second

// errUnsure: an addition never answered, so nobody knows what the tree will hold. Nothing more is shipped
// until the next start, which reconciles.
func errUnsure(unsure bool) error {
	if !unsure {
		return nil
	}
	return errors.New("audit: an addition to the log has not answered; the next start makes it good")
}

// await is the future with a way out: a future whose appender was stopped never answers.
func await(ctx context.Context, f tessera.IndexFuture) (uint64, error) {
	type answer struct {
		index tessera.Index
		err   error
	}
	got := make(chan answer, 1)
	go func() {
		index, err := f()
		got <- answer{index, err}
	}()
	select {
	case a := <-got:
		return a.index.Index, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// record notes the places of events in one transaction and moves next on.
func (l *Log) record(ctx context.Context, events []head, at []uint64) error {
	err := l.db.Tx(ctx, db.Global, func(tx *db.Tx) error { return recordIn(tx, events, at) })
	if err == nil {
		l.recorded(at)
	}
	return err
}

func (l *Log) recorded(at []uint64) {
	for _, i := range at {
		l.next = max(l.next, i+1)
	}
}

func recordIn(tx *db.Tx, events []head, at []uint64) error {
	for i, h := range events {
		n, err := tx.Exec(qRecord, h.tenant, h.seq, int64(at[i]), h.hash)
		if err != nil {
			return err
		}
		if n != 1 {
			return diverged(h, at[i])
		}
	}
	return nil
}

// unrecorded lists the leaves that are in the tree but not in the database: a crash came between.
func (l *Log) unrecorded(size uint64) (events []head, at []uint64, err error) {
	if size <= l.next {
		return nil, nil, nil
	}
	leaves, err := l.tree.leaves(l.next, size)
	if err != nil {
		return nil, nil, fault.New(fault.Internal, "audit.log_damaged").Because(err)
	}
	for i, f := range leaves {
		events, at = append(events, head{f.tenant, f.seq, f.hash[:]}), append(at, l.next+uint64(i))
	}
	return events, at, nil
}

// reconcile records them. A leaf without its event means that the database is older than the log, or was
// altered.
func (l *Log) reconcile(ctx context.Context, size uint64) error {
	events, at, err := l.unrecorded(size)
	if err != nil || len(events) == 0 {
		return err
	}
	return l.record(ctx, events, at)
}

// sameLast checks that the newest recorded event is the leaf that the tree holds at its place.
func (l *Log) sameLast(ctx context.Context) error {
	if l.next == 0 {
		return nil
	}
	rows, err := l.rowsAt(ctx, l.next-1)
	if err != nil {
		return err
	}
	found, err := l.tree.leaves(l.next-1, l.next)
	if err != nil {
		return fault.New(fault.Internal, "audit.log_damaged").Because(err)
	}
	if len(rows) != 1 || len(rows[0].hash) != 32 || rows[0].leaf() != found[0] {
		return diverged(head{tenant: found[0].tenant, seq: found[0].seq}, l.next-1)
	}
	return nil
}

// rowsAt reads the event that stands at a place of the log.
func (l *Log) rowsAt(ctx context.Context, at uint64) (rows []row, err error) {
	err = l.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qAt, scanRow, int64(at))
		return err
	})
	return rows, err
}

func diverged(h head, at uint64) error {
	return fault.New(fault.Internal, "audit.log_diverged", "tenant", string(h.tenant),
		"seq", fmt.Sprint(h.seq), "index", fmt.Sprint(at))
}
