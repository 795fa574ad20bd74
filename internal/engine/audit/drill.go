package audit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/transparency-dev/tessera/api/layout"

	"rakudos/internal/base/ids"
)

// drills are the ways in which a copy of the log is damaged to see that verification cries out.
var drills = []string{"1ビットの反転", "末尾の切り落とし", "ログファイルの改変"}

// drillAround is how many of the newest entries a damaged copy is verified with.
const drillAround = layout.EntryBundleWidth

// drill verifies what is there, and then the same with each damage. Nothing is written: the damage lies
// over the rows and files as they are read.
func (l *Log) drill(ctx context.Context, newest uint64, blind bool) (whole Report, missed []string, err error) {
	o := options{cfg: l.cfg, fs: os.DirFS(l.cfg.Dir), newest: newest, blind: blind}
	if whole, err = verify(ctx, source(l.db), l.sealer, o); err != nil {
		return whole, nil, err
	}
	last, at, err := l.lastLogged(ctx)
	if err != nil {
		return whole, nil, err
	}
	flip := damaged{source(l.db), func(r *row) bool {
		if r.tenant == last.tenant && r.seq == last.seq {
			r.commitment = slices.Clone(r.commitment)
			r.commitment[0] ^= 1
		}
		return true
	}, nil}
	cut := damaged{source(l.db), func(r *row) bool { return r.tenant != last.tenant || r.seq < last.seq },
		&head{last.tenant, last.seq - 1, last.prev}}
	o.newest = drillAround // the damage is at the very end
	torn := o
	torn.fs = tornFS{o.fs, at / layout.EntryBundleWidth}
	for i, d := range []struct {
		rows rows
		o    options
	}{{flip, o}, {cut, o}, {source(l.db), torn}} {
		r, err := verify(ctx, d.rows, l.sealer, d.o)
		if err != nil {
			return whole, nil, err
		}
		if r.OK {
			missed = append(missed, drills[i])
		}
	}
	return whole, missed, nil
}

var errNothingLogged = errors.New("audit: nothing is in the transparency log yet")

// lastLogged is the newest event that is in the transparency log: what came later could be cut unseen
// until it is shipped, a second or so.
func (l *Log) lastLogged(ctx context.Context) (r row, at uint64, err error) {
	n, err := l.logged(ctx)
	if err != nil {
		return r, 0, err
	}
	if n == 0 {
		return r, 0, errNothingLogged
	}
	rows, err := l.rowsAt(ctx, n-1)
	if err != nil {
		return r, 0, err
	}
	if len(rows) == 0 {
		return r, 0, errNothingLogged
	}
	return rows[0], n - 1, nil
}

// damaged lets fn change or drop events, and puts another head in place of a tenant's own.
type damaged struct {
	rows
	fn   func(*row) bool
	head *head
}

func (d damaged) view(ctx context.Context, fn func(tables) error) error {
	return d.rows.view(ctx, func(t tables) error { return fn(damagedTables{t, d}) })
}

type damagedTables struct {
	tables
	by damaged
}

func (t damagedTables) events(from uint64, fn func(row) error) error {
	return t.tables.events(from, func(r row) error {
		if !t.by.fn(&r) {
			return nil
		}
		return fn(r)
	})
}

func (t damagedTables) people(from uint64, fn func(ids.Tenant, int64, ids.Person) error) error {
	return t.tables.people(from, func(tn ids.Tenant, seq int64, p ids.Person) error {
		if !t.by.fn(&row{tenant: tn, seq: seq, commitment: []byte{0}}) {
			return nil
		}
		return fn(tn, seq, p)
	})
}

func (t damagedTables) heads(fn func(head) error) error {
	return t.tables.heads(func(h head) error {
		switch d := t.by.head; {
		case d == nil || d.tenant != h.tenant:
			return fn(h)
		case d.seq > 0:
			return fn(*d)
		}
		return nil
	})
}

// tornFS flips one bit in the bundle of entries with this number, whichever of its files is read.
type tornFS struct {
	fs.FS
	bundle uint64
}

func (t tornFS) ReadFile(name string) ([]byte, error) {
	b, err := fs.ReadFile(t.FS, name)
	if s, ok := parseSpot(name); ok && s.entries && s.index == t.bundle && len(b) > 16 {
		b[16] ^= 1
	}
	return b, err
}
