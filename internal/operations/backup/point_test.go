package backup

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup/pgtool"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
)

// river is a world whose records have a cluster of their own, with its WAL being shipped.
type river struct {
	*world
	cluster *pg.Cluster
	stop    func()
}

func newRiver(t *testing.T, settings string) *river {
	t.Helper()
	e, c := testdb.Apart(t, settings)
	r := riverOf(newWorld(t, e), c)
	r.run()
	return r
}

func riverOf(w *world, c *pg.Cluster) *river {
	w.o.Physical = &Physical{DSN: w.e.Main.DSN, Dir: filepath.Join(w.e.Dir, "wal"), Beat: 200 * time.Millisecond}
	return &river{world: w, cluster: c}
}

// flow follows the WAL until the test ends, or stop is called.
func (r *river) flow() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Follow(ctx) }()
	r.stop = func() { cancel(); <-done }
	r.t.Cleanup(r.stop)
}

func (r *river) wait(what string, ready func() bool) {
	r.t.Helper()
	for end := time.Now().Add(40 * time.Second); !ready(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			st, _ := r.Standing()
			r.t.Fatalf("%s: not within 40 s; standing %+v, files %v", what, st, r.files())
		}
	}
}

// based waits for a copy of the cluster.
func (r *river) based() Generation {
	r.t.Helper()
	var g Generation
	r.wait("a copy of the cluster", func() bool {
		all, err := r.registeredBases(r.t.Context())
		r.must(err)
		if len(all) > 0 {
			g = all[len(all)-1]
		}
		return len(all) > 0
	})
	return g
}

// clock is the server's, with a little room on both sides, so that commits before and after differ.
func (r *river) clock() time.Time {
	r.t.Helper()
	time.Sleep(30 * time.Millisecond)
	p, err := r.e.DB.Position(r.t.Context(), pgtool.Slot)
	r.must(err)
	time.Sleep(30 * time.Millisecond)
	return p.Clock
}

// reaches waits until everything before an instant has been shipped.
func (r *river) reaches(at time.Time) {
	r.t.Helper()
	r.wait("WAL", func() bool {
		_, st, err := r.reach(r.t.Context())
		r.must(err)
		return st != nil && at.Before(st.Until)
	})
}

func (r *river) point(dir string, at time.Time, cluster string) (*Restored, error) {
	r.t.Helper()
	return Source{Target: r.o.Target, Root: r.root, Ledger: r.o.Ledger}.RestorePoint(r.t.Context(), dir, Point{At: at, Cluster: cluster})
}

// tenantsIn lists the tenants of a restored folder.
func (r *river) tenantsIn(dir string) (out []ids.Tenant) {
	r.t.Helper()
	d, err := db.Open(r.t.Context(), db.Config{Engine: db.SQLite, Path: filepath.Join(dir, mainFile)})
	r.must(err)
	defer func() { _ = d.Close() }()
	r.must(d.View(r.t.Context(), db.Global, func(tx *db.Tx) error {
		return db.Each(tx, tNames, func(s db.Scanner) error {
			var id ids.Tenant
			var name []byte
			err := s.Scan(&id, &name)
			out = append(out, id)
			return err
		})
	}))
	return out
}

// TestRestoresToAnInstant: of two commits after the copy of the cluster, an instant between them has the first
// and not the second, and the transparency log holds for exactly that state.
func TestRestoresToAnInstant(t *testing.T) {
	r := newRiver(t, "")
	r.flow()
	base := r.based()
	first := r.tenant(10)
	r.must(r.log.Hold(t.Context(), func(fs.FS) error { return nil }))
	between := r.clock()
	second := r.tenant(11)
	r.reaches(r.clock())

	to := filepath.Join(r.e.Dir, "at")
	got, err := r.point(to, between, "")
	r.must(err)
	have := r.tenantsIn(to)
	if !slices.Contains(have, first) || slices.Contains(have, second) {
		t.Errorf("at the instant there are %v; first %s, second %s", have, first, second)
	}
	if got.Point.Base != base.ID || got.Point.Commit.After(between) || got.Point.Leaves == 0 || got.Events == 0 || got.Point.Open <= 0 || !got.Point.FilesOf.Equal(got.Taken) || got.Taken.IsZero() {
		t.Errorf("%+v %+v", got, got.Point)
	}
	r.later = map[ids.Tenant]bool{first: true}
	r.same(to, len(have))

	// A later set of the same day takes the place of the one below the instant: the log grows from nothing.
	r.run()
	whole := filepath.Join(r.e.Dir, "whole")
	more, err := r.point(whole, between, "")
	r.must(err)
	if more.Point.Leaves <= got.Point.Leaves || more.Rows != got.Rows || more.Events != got.Events {
		t.Errorf("%+v %+v, before %+v", more, more.Point, got)
	}
	r.same(whole, len(have))

	rep, err := r.Verify(t.Context())
	r.must(err)
	if !rep.OK || rep.WAL == 0 || len(rep.Windows) != 1 || !rep.Windows[0].holds(between) {
		t.Errorf("%+v", rep)
	}
	for _, at := range []time.Time{base.Taken.Add(-time.Hour), time.Now().Add(time.Hour)} {
		if _, err := r.point(filepath.Join(r.e.Dir, "outside"), at, ""); fault.Of(err).Code != "backup.pitr_outside" {
			t.Errorf("%s: %v", at, err)
		}
	}
	for _, p := range r.files() { // nothing readable lies in the place
		b, err := os.ReadFile(p)
		r.must(err)
		if strings.Contains(string(b), "PG_VERSION") || strings.Contains(string(b), "tenant.created") {
			t.Errorf("%s is readable", p)
		}
	}
}
