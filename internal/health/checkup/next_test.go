package checkup

import (
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/testkit/testdb"
)

// TestNextWaiting walks the work list by deadline, from its end to its beginning, past who is decided.
func TestNextWaiting(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "165", "健診日", "2026/6/1"), of("2"), of("3", "収縮期血圧", "145", "健診日", "2026/5/1"), of("4", "収縮期血圧", "145", "健診日", "2026/7/1")))
		work, err := b.s.WorkList(t.Context(), b.doctor, 2026, false)
		b.must(err)
		if len(work) != 3 || work[0].Number != "3" || work[1].Number != "1" || work[2].Number != "4" {
			t.Fatalf("%+v", work)
		}
		next := func(after, want int) {
			t.Helper()
			p, r, ok, err := b.s.NextWaiting(t.Context(), b.doctor, 2026, work[after].Result)
			b.must(err)
			if want < 0 {
				if ok {
					t.Errorf("after %s: %s, want nobody", work[after].Number, r)
				}
				return
			}
			if !ok || r != work[want].Result || p != work[want].Person {
				t.Errorf("after %s: %s %v, want %s", work[after].Number, r, ok, work[want].Number)
			}
		}
		decide := func(i int) {
			t.Helper()
			b.must(b.s.Decide(t.Context(), b.doctor, Decision{Result: work[i].Result, Person: work[i].Person, Fitness: Normal}))
		}
		next(0, 1)
		next(1, 2)
		next(2, 0)
		decide(1)
		next(0, 2)
		next(1, 0) // decided: from the beginning
		decide(0)
		next(2, -1)
		decide(2)
		next(2, -1)
		if _, _, _, err := b.s.NextWaiting(t.Context(), b.hr, 2026, ""); !fault.Is(err, fault.Denied) {
			t.Errorf("HR walks the work list: %v", err)
		}
		if _, _, ok, err := b.s.NextWaiting(t.Context(), b.doctor2, 2026, ""); ok || err != nil {
			t.Errorf("the neighbour's physician: %v %v", ok, err)
		}
	})
}
