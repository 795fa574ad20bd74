package erasure

import (
	"context"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestAHoldThatCannotBeReadHolds: damaged under its seal, or with a day that is none, it stays in the list with a mark
// and hides no other; nobody is erased; the running service says so; and it can be released.
func TestAHoldThatCannotBeReadHolds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		all := b.people(b.ours)
		today := jst.Of(time.Now())
		live := func() (control.Evidence, error) {
			return (Probing{Live: b.gate}).withHolds(func(context.Context) (control.Evidence, error) {
				return control.Evidence{OK: true, Facts: map[string]any{}}, nil
			})(t.Context())
		}
		other, err := b.gate.Place(t.Context(), machine, b.aHold(all[1]))
		b.must(err)
		b.exec(b.ours, qHoldLapse, b.ours, other.ID, today.AddDays(-1).String())
		if ev, err := live(); err != nil || !ev.OK || ev.Facts["open"] != 1 || ev.Facts["late"] != 1 || ev.Facts["unread"] != 0 {
			t.Errorf("a late review: %+v %v", ev, err)
		}
		for name, c := range map[string]struct {
			q  db.Query
			to any
		}{"sealed": {qHoldSpoil, []byte("damaged")}, "day": {qHoldLapse, "someday"}} {
			h, err := b.gate.Place(t.Context(), machine, b.aHold(all[0]))
			b.must(err)
			b.exec(b.ours, c.q, b.ours, h.ID, c.to)
			list, err := b.gate.Holds(t.Context(), machine, b.ours)
			b.must(err)
			for _, x := range list {
				if x.ReleasedAt.IsZero() && (x.Unread != (x.ID == h.ID) || x.Late(today) != (x.ID == other.ID || name == "day")) {
					t.Errorf("%s: %+v", name, x)
				}
				if x.ID == h.ID && !strings.Contains(x.Reason, "読めません") {
					t.Errorf("%s: %q", name, x.Reason)
				}
			}
			if _, err := b.gate.ErasePersons(t.Context(), machine, b.ours, all[:1], order); code(err) != "erasure.held" {
				t.Errorf("%s: %v", name, err)
			}
			if ev, err := live(); err != nil || ev.OK || ev.Facts["unread"] != 1 || len(ev.Failed) != 1 {
				t.Errorf("%s: %+v %v", name, ev, err)
			}
			b.must(b.gate.Release(t.Context(), machine, b.ours, h.ID, "終わり"))
		}
		b.must(b.gate.Release(t.Context(), machine, b.ours, other.ID, "終わり"))
		if r, err := b.gate.ErasePersons(t.Context(), machine, b.ours, []ids.Person{all[0], all[1]}, order); err != nil || r.State != Done {
			t.Errorf("released: %+v %v", r, err)
		}
	})
}

// TestTheMutantOfHoldsNoticesEach: a scene in which one protection that is said to be off is on makes the mutant pass.
func TestTheMutantOfHoldsNoticesEach(t *testing.T) {
	for _, on := range []string{SabotageHold, SabotageLapse, SabotageUnread} {
		b := newBed(t, testdb.New(t, db.SQLite), 4)
		in := func(probe func(context.Context, Scene) (control.Evidence, error), sabotage string) control.Probe {
			return func(ctx context.Context) (control.Evidence, error) {
				b.gate.weak = ""
				if sabotage != on {
					b.gate.Sabotage(sabotage)
				}
				return probe(ctx, scene{b})
			}
		}
		if ev, err := (Probing{}).mutantHold(in)(t.Context()); err != nil || !ev.OK {
			t.Errorf("%s: %+v %v", on, ev, err)
		}
	}
}
