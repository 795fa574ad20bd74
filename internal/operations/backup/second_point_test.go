package backup

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/blob"
)

// TestSecondPlaceToAnInstant: with the first place burnt down, the second alone gives an instant back, and with the
// service's own credentials nobody removes what that needs; a record behind the first copy has its key there.
func TestSecondPlaceToAnInstant(t *testing.T) {
	r := newRiver(t, "")
	b := withSecond(t, r.world)
	r.flow()
	base := r.based()
	ctx := t.Context()
	r.must(second(r.CopySecond(ctx, operator)))
	marks := r.fill(1)
	late := r.tenant(90) // with a key that no earlier copy of the key store holds
	at := r.clock()
	r.reaches(r.clock())
	r.stop()
	c, err := r.CopySecond(ctx, operator)
	r.must(err)
	if c.WAL == 0 || slices.Contains(c.Sets, base.ID) { // it went the first time
		t.Errorf("%+v", c)
	}
	names, err := b.List(ctx, "")
	r.must(err)
	locked := 0
	for _, n := range names {
		if !strings.HasPrefix(n, top(Base)) && !strings.HasPrefix(n, walTop) {
			continue
		}
		until, err := b.LockedUntil(ctx, n)
		r.must(err)
		if e := b.Erase(ctx, n); fault.Of(e).Code != "blob.locked" {
			t.Errorf("%s can be removed: %v", n, e)
		}
		if life := base.Taken.Add(r.o.Policy.KeyLife); until.After(life) {
			t.Errorf("%s is locked until %v, and has to be gone by %v", n, until, life)
		}
		locked++
	}
	if locked < 5 {
		t.Errorf("only %d files of the cluster: %v", locked, names)
	}
	if ev, err := r.control("BK-OFFLINE").Probe(ctx); err != nil || !ev.OK {
		t.Errorf("BK-OFFLINE: %+v %v", ev, err)
	}
	if ev, err := r.control("BK-RETAIN").Probe(ctx); err != nil || !ev.OK {
		t.Errorf("BK-RETAIN: %+v %v", ev.Failed, err)
	}
	r.must(os.RemoveAll(r.target))
	for n, at := range []time.Time{marks[0], at} {
		to := filepath.Join(r.e.Dir, "second", at.Format("150405.000"))
		got, err := Source{Target: b, Root: r.root}.RestorePoint(ctx, to, Point{At: at})
		r.must(err)
		have := r.tenantsIn(to)
		if got.Point.Base != base.ID || slices.Contains(have, late) != (n == 1) {
			t.Errorf("%s: %+v, %v", at, got.Point, have)
		}
		r.later = map[ids.Tenant]bool{}
		for _, id := range have {
			r.later[id] = true
		}
		r.same(to, len(have)) // opens every name with the keys of the second place
	}
}

// locking is a second place whose clock a test turns.
type locking struct {
	blob.Store
	locks map[string]time.Time
	now   time.Time
}

func (l *locking) PutLocked(ctx context.Context, key string, r io.Reader, until time.Time) (int64, error) {
	l.locks[key] = until
	return l.Put(ctx, key, r)
}

func (l *locking) LockedUntil(_ context.Context, key string) (time.Time, error) {
	return l.locks[key], nil
}

func (l *locking) Erase(ctx context.Context, key string) error {
	if l.locks[key].After(l.now) {
		return fault.New(fault.Denied, "blob.locked")
	}
	return l.Delete(ctx, key)
}

// TestSecondPlaceForgetsWithinAWeek: copies of the cluster and WAL stay there for their time, however often somebody
// tries, and are gone before the week is over; what is copied late is not kept for longer.
func TestSecondPlaceForgetsWithinAWeek(t *testing.T) {
	r := newRiver(t, "")
	store, err := blob.Local(filepath.Join(r.e.Dir, "elsewhere"))
	r.must(err)
	l := &locking{Store: store, locks: map[string]time.Time{}, now: time.Now()}
	r.o.Second = l
	r.flow()
	base := r.based()
	r.fill(1)
	r.stop()
	ctx := t.Context()
	r.must(second(r.CopySecond(ctx, operator)))
	of := func() (n int) {
		for _, top := range []string{top(Base), walTop} {
			names, err := l.List(ctx, top)
			r.must(err)
			n += len(names)
		}
		return n
	}
	whole := of()
	for _, days := range []int{1, 3, 5} {
		l.now = base.Taken.AddDate(0, 0, days)
		r.must(r.thinClusters(ctx, l.now))
		if n := of(); n != whole {
			t.Errorf("after %d days %d files of %d", days, n, whole)
		}
	}
	l.now = base.Taken.Add(r.o.Policy.KeyLife - r.o.Policy.BaseMargin)
	r.must(r.thinClusters(ctx, l.now))
	r.must(r.thinClusters(ctx, l.now)) // WAL goes with its last copy
	if n := of(); n != 0 {
		t.Errorf("before the week is over there are %d files", n)
	}
	// A copy that could not be sent for six days is not locked beyond its week: it is not sent at all.
	r.o.Policy.KeyLife = time.Hour + lockShort - time.Minute
	c, err := r.CopySecond(ctx, operator)
	r.must(err)
	if len(c.Sets) != 0 || c.WAL != 0 || of() > 1 {
		t.Errorf("%+v, %d files", c, of())
	}
}

// TestRetainSeesOldCopiesOfTheCluster: one that is older than its week is a finding, wherever it lies.
func TestRetainSeesOldCopiesOfTheCluster(t *testing.T) {
	r := newRiver(t, "")
	r.flow()
	base := r.based()
	r.stop()
	l, err := everything(t.Context(), &r.shelf, base.Taken.Add(r.o.Policy.KeyLife+time.Second), func(string) bool { return false })
	r.must(err)
	if !slices.ContainsFunc(l.bad, func(b string) bool { return strings.Contains(b, base.ID+" は7日より古い") }) || len(l.bad) > 2 { // and keys of the same hour
		t.Errorf("%v", l.bad)
	}
}
