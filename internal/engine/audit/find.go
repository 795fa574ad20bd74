package audit

import (
	"context"
	"math"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Filter selects events of one tenant; a zero field does not filter.
type Filter struct {
	Person ids.Person // events about this person
	Verb   string
	From   time.Time // including
	To     time.Time // excluding
	Before int64     // events with a smaller number, for paging
	Limit  int       // 0: 100; at most 1,000
}

// Find returns events of the actor's tenant, newest first. Whether this actor may read the log is for the
// caller to decide (people/access) before it asks.
func (l *Log) Find(ctx context.Context, a actor.Actor, f Filter) ([]Entry, error) {
	if a.Tenant == "" {
		return nil, fault.New(fault.Denied, "audit.no_tenant")
	}
	before, to := f.Before, db.Micros(f.To)
	if before <= 0 {
		before = math.MaxInt64
	}
	if to == 0 {
		to = math.MaxInt64
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	args := []any{a.Tenant, before, db.Micros(f.From), to, f.Verb, min(limit, 1000)}
	q := qFind
	if f.Person != "" {
		q, args = qFindPerson, append(args, f.Person)
	}
	var rows []row
	err := l.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, q, scanRow, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(rows))
	for i := range rows {
		b, err := l.open(ctx, &rows[i])
		if err != nil {
			return nil, err
		}
		out = append(out, rows[i].entry(b))
	}
	return out, nil
}

// Latest is the newest event of a verb in a tenant's chain, read from a database whose log is not open: at a start
// before anything else, and in a restore. ok is false when there is none.
func Latest(ctx context.Context, d *db.DB, s Sealer, t ids.Tenant, verb string) (e Entry, ok bool, err error) {
	var rows []row
	err = d.View(ctx, t, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qFind, scanRow, t, int64(math.MaxInt64), 0, int64(math.MaxInt64), verb, 1)
		return err
	})
	if err != nil || len(rows) == 0 {
		return e, false, err
	}
	b, err := openBody(ctx, s, &rows[0])
	return rows[0].entry(b), err == nil, err
}

// Each hands out the events of a verb in a tenant's chain, newest first, from a database whose log is not open.
func Each(ctx context.Context, d *db.DB, s Sealer, t ids.Tenant, verb string, fn func(Entry) error) error {
	for before := int64(math.MaxInt64); ; {
		var rows []row
		err := d.View(ctx, t, func(tx *db.Tx) (err error) {
			rows, err = db.All(tx, qFind, scanRow, t, before, 0, int64(math.MaxInt64), verb, pageOfEach)
			return err
		})
		if err != nil {
			return err
		}
		for i := range rows {
			b, err := openBody(ctx, s, &rows[i])
			if err != nil {
				return err
			}
			if err := fn(rows[i].entry(b)); err != nil {
				return err
			}
			before = rows[i].seq
		}
		if len(rows) < pageOfEach {
			return nil
		}
	}
}

const pageOfEach = 1000

// open reads an event's body; nil when its key was destroyed.
func (l *Log) open(ctx context.Context, r *row) (*body, error) { return openBody(ctx, l.sealer, r) }

func openBody(ctx context.Context, s Sealer, r *row) (*body, error) {
	salted, err := s.OpenAudit(ctx, r.tenant, r.place(), r.sealed)
	if destroyed(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := readBody(salted)
	return &b, err
}

// destroyed tells a key that was destroyed, with proof, from one that is lost.
func destroyed(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Kind == fault.Missing && f.Code == "vault.key_destroyed"
}

// Index tells where an event stands in the transparency log; ok is false while it is on its way.
func (l *Log) Index(ctx context.Context, ref Ref) (index int64, ok bool) {
	err := l.db.View(ctx, ref.Tenant, func(tx *db.Tx) (err error) {
		index, err = db.Value[int64](tx, qIndex, ref.Tenant, ref.Seq)
		return err
	})
	return index, err == nil
}

// Waiting tells how many events are not yet in the transparency log, and since when the oldest waits.
func (l *Log) Waiting(ctx context.Context) (n int64, since time.Time, err error) {
	err = l.db.View(ctx, db.Global, func(tx *db.Tx) error {
		_, err := db.One(tx, qWaits, func(s db.Scanner) (struct{}, error) {
			var at int64
			err := s.Scan(&n, &at)
			since = db.Time(at)
			return struct{}{}, err
		})
		return err
	})
	return n, since, err
}
