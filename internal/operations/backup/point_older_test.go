package backup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

// again makes another copy of the cluster now.
func (r *river) again() *Generation {
	r.t.Helper()
	c, err := r.eligible(r.t.Context())
	r.must(err)
	g, err := r.base(r.t.Context(), operator, c)
	r.must(err)
	return g
}

// flip changes one bit of a file in the place, and gives it back as it was.
func (r *river) flip(name string) (undo func()) {
	r.t.Helper()
	path := filepath.Join(r.target, filepath.FromSlash(name))
	b, err := os.ReadFile(path)
	r.must(err)
	spoilt := slices.Clone(b)
	spoilt[len(spoilt)/2] ^= 8
	r.must(os.WriteFile(path, spoilt, 0o600))
	return func() { r.must(os.WriteFile(path, b, 0o600)) }
}

// TestAnOlderCopyServes: one flipped bit in the newest copy is named, the instant is had from the copy before it, and
// the receipt and the drill say so. With both broken there is nothing to have, and verify says of which instants.
func TestAnOlderCopyServes(t *testing.T) {
	r := newRiver(t, "")
	r.flow()
	old := r.based()
	newer := r.again()
	first := r.tenant(60)
	at := r.clock()
	r.reaches(r.clock())
	r.stop()
	piece := folder(Base, newer.ID) + PartCluster + ".00001"

	undo := r.flip(piece)
	rep, err := r.Verify(t.Context())
	r.must(err)
	if rep.OK || len(rep.Bad) != 1 || rep.Bad[0].Set != newer.ID || rep.Bad[0].Piece != filepath.Base(piece) || rep.Windows[1].Broken == "" || len(rep.Lost) != 0 {
		t.Errorf("%+v", rep)
	}
	to := filepath.Join(r.e.Dir, "older")
	got, err := r.point(to, at, "")
	r.must(err)
	if got.Point.Base != old.ID || !slices.Equal(got.Point.Skipped, []string{newer.ID}) || !slices.Contains(r.tenantsIn(to), first) {
		t.Errorf("%+v", got.Point)
	}
	d, err := r.Drill(t.Context(), nightly)
	r.must(err)
	if d.OK || d.ToPoint.Base != old.ID || !strings.Contains(strings.Join(d.ToPoint.Bad, ""), newer.ID) {
		t.Errorf("the drill: %+v", d.ToPoint)
	}

	undoOld := r.flip(folder(Base, old.ID) + PartCluster + ".00001")
	none := filepath.Join(r.e.Dir, "none")
	if _, err := r.point(none, at, ""); fault.Of(err).Code != "backup.damaged" || fault.Of(err).Args["set"] != old.ID {
		t.Errorf("both broken: %v", err)
	}
	if left, _ := os.ReadDir(none); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	rep, err = r.Verify(t.Context())
	r.must(err)
	if len(rep.Lost) != 1 || !rep.Lost[0].From.Equal(rep.Windows[0].From) || !slices.ContainsFunc(rep.Bad, func(f Finding) bool { return strings.HasSuffix(f.What, "の時刻には、もう戻せません。") }) {
		t.Errorf("lost %v of %+v", rep.Lost, rep.Windows)
	}
	undoOld()
	undo()
	r.must(second(r.point(filepath.Join(r.e.Dir, "whole"), at, "")))

	// A table of contents that no longer opens is passed over too.
	r.flip(folder(Base, newer.ID) + manifestName)
	got, err = r.point(filepath.Join(r.e.Dir, "contents"), at, "")
	if err != nil || got.Point.Base != old.ID {
		t.Errorf("%+v %v", got, err)
	}
}

// TestWhatAGapCosts: with a WAL file gone between two copies, exactly the instants behind it and before the later
// copy are lost, verify and a refusal say so, and what lies on both sides can be had.
func TestWhatAGapCosts(t *testing.T) {
	r := newRiver(t, "")
	r.flow()
	r.based()
	var marks []time.Time
	for n := range 2 { // each in a file of its own, which a beat has marked
		r.tenant(70 + n)
		marks = append(marks, r.clock())
		r.reaches(marks[n])
		r.must(r.cluster.Exec(t.Context(), "select pg_switch_wal()"))
	}
	newer := r.again()
	late := r.clock()
	r.reaches(r.clock())
	r.stop()
	c, err := r.shelf.list(t.Context(), Base)
	r.must(err)
	files := r.whole()
	i := slices.IndexFunc(files, func(f string) bool { return filepath.Base(f) == c.sets[1].Base.First })
	if i < 1 {
		i = len(files) // the later copy begins in the file under way
	}
	victim := files[i-1]
	r.must(os.Remove(victim))
	rep, err := r.Verify(t.Context())
	r.must(err)
	if rep.OK || len(rep.Lost) != 1 || rep.Windows[0].Gap != filepath.Base(victim) || !rep.Lost[0].Until.Equal(c.sets[1].Base.Ended) || !rep.Windows[1].holds(late) {
		t.Fatalf("lost %v of %+v", rep.Lost, rep.Windows)
	}
	before, after := rep.Lost[0].From, rep.Lost[0].Until
	if !rep.Windows[0].holds(marks[0]) || !before.Before(after) {
		t.Errorf("of the older copy %+v, first mark %v", rep.Windows[0], marks[0])
	}
	_, err = r.point(filepath.Join(r.e.Dir, "lost"), after.Add(-1000), "")
	if f := fault.Of(err); f.Code != "backup.wal_missing" || f.Args["file"] != filepath.Base(victim) || !strings.Contains(f.Args["reach"], "の手前まで、") {
		t.Errorf("an instant that is lost: %v %v", err, fault.Of(err).Args)
	}
	r.must(second(r.point(filepath.Join(r.e.Dir, "before"), marks[0], "")))
	if got, err := r.point(filepath.Join(r.e.Dir, "after"), late, ""); err != nil || got.Point.Base != newer.ID {
		t.Errorf("after it: %v", err)
	}
}
