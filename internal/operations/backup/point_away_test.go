package backup

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"rakudos/internal/engine/blob"
)

// distant is a place that can be out of reach for everything, while others use it.
type distant struct {
	blob.Store
	mu  sync.Mutex
	err error
}

func (d *distant) away(err error) { d.mu.Lock(); d.err = err; d.mu.Unlock() }

func (d *distant) gone() error { d.mu.Lock(); defer d.mu.Unlock(); return d.err }

func (d *distant) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := d.gone(); err != nil {
		return 0, err
	}
	return d.Store.Put(ctx, key, r)
}

func (d *distant) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := d.gone(); err != nil {
		return nil, err
	}
	return d.Store.Open(ctx, key)
}

func (d *distant) List(ctx context.Context, prefix string) ([]string, error) {
	if err := d.gone(); err != nil {
		return nil, err
	}
	return d.Store.List(ctx, prefix)
}

func (d *distant) Delete(ctx context.Context, key string) error {
	if err := d.gone(); err != nil {
		return err
	}
	return d.Store.Delete(ctx, key)
}

// TestWALWaitsForAPlaceOutOfReach: while the place is away, WAL stays on this host and with the server; that it does
// not arrive is told once. When the place is back, everything is caught up: any instant of the outage can be had.
func TestWALWaitsForAPlaceOutOfReach(t *testing.T) {
	defer func(d time.Duration) { lateAfter = d }(lateAfter)
	lateAfter = 2 * time.Second
	r := newRiver(t, "")
	d := &distant{Store: r.o.Target}
	r.o.Target, r.shelf.store = d, d
	r.flow()
	r.based()
	d.away(errors.New("no route to the store"))
	var marks []time.Time
	var made []string
	for n := range 3 { // a day each
		made = append(made, string(r.tenant(100+n)))
		marks = append(marks, r.clock())
		r.must(r.cluster.Exec(t.Context(), "select pg_switch_wal()"))
	}
	r.wait("that nothing arrives is told", func() bool { st, _ := r.Standing(); return !st.Made && st.Why != "" })
	if says := r.standingSays(); says == "" {
		t.Error("BK-DRILL does not say it")
	}
	time.Sleep(2 * time.Second)
	if n := r.events("backup.wal_broken"); n != 1 {
		t.Errorf("told %d times", n)
	}
	d.away(nil)
	last := r.tenant(110)
	r.reaches(r.clock())
	r.stop()
	rep, err := r.Verify(t.Context())
	r.must(err)
	if !rep.OK || len(rep.Lost) != 0 || rep.Windows[0].Gap != "" {
		t.Fatalf("%+v", rep)
	}
	to := filepath.Join(r.e.Dir, "within")
	r.must(second(r.point(to, marks[1], "")))
	var have []string
	for _, id := range r.tenantsIn(to) {
		have = append(have, string(id))
	}
	if !slices.Contains(have, made[1]) || slices.Contains(have, made[2]) || slices.Contains(have, string(last)) {
		t.Errorf("in the second day of the outage there are %v of %v", have, made)
	}
}

// TestCopiesUnderAClockThatJumps: a month ahead and back again. Copies of the cluster are dropped as if the month had
// gone by, a new one is made at once, and one that the jump has dated ahead neither stands in the way of the next
// copy nor outlives its week by the right clock.
func TestCopiesUnderAClockThatJumps(t *testing.T) {
	r := newRiver(t, "")
	r.flow()
	base := r.based()
	r.stop()
	ctx := t.Context()
	r.must(r.pruneBases(ctx, operator, time.Now().AddDate(0, 1, 0)))
	bases := func() (out []string) {
		all, err := r.registeredBases(ctx)
		r.must(err)
		for _, g := range all {
			out = append(out, g.ID)
		}
		return out
	}
	if n := bases(); len(n) != 0 {
		t.Fatalf("a month later there is %v of %v", n, base.ID)
	}
	if all, err := r.registeredData(ctx); err != nil || len(all) != 1 {
		t.Errorf("daily sets: %v %v", all, err)
	}
	ahead := r.again() // as if it had been made then: the copy's date is moved in the place
	h, err := r.shelf.get(ctx, Base, ahead.ID)
	r.must(err)
	h.Taken = h.Taken.AddDate(0, 1, 0)
	h.sum, err = r.shelf.putManifest(ctx, &h.Manifest, h.key, nil)
	r.must(err)
	p := r.o.Policy
	all, err := r.shelf.windows(ctx, []*held{h})
	r.must(err)
	if !p.baseDue(all, map[string]time.Time{h.ID: h.Taken}, time.Now()) {
		t.Error("no copy is wanted for a month")
	}
	if until := p.lockBase(h, time.Now()); until.After(time.Now().Add(p.KeyLife)) {
		t.Errorf("locked until %v", until)
	}
	now := r.again()
	if left := bases(); !slices.Equal(left, []string{now.ID}) {
		t.Errorf("there are %v; the one of now is %s", left, now.ID)
	}
}
