package checkup

import (
	"testing"

	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

// TestHomeCountsAreTheirLists: each count of the home page is the length of the list it leads to, for
// whoever sees it, before and after a decision.
func TestHomeCountsAreTheirLists(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		today := jst.Of(nowForTest())
		year := jst.FiscalYear(today)
		old := today.AddMonths(-4)
		if start := (jst.Date{Y: year, M: 4, D: 1}); old.Before(start) {
			old = start
		}
		late := 0
		if jst.ThreeMonthDeadline(old).Before(today) {
			late = 1
		}
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "165", "健診日", old.String()), of("2", "健診日", today.String()), of("3", "収縮期血圧", "145", "健診日", today.String())))
		count := func(f Filter) (n int) {
			f.Year = year
			v, err := b.s.List(t.Context(), b.hr, f)
			b.must(err)
			return v.Total
		}
		agree := func(open, overdue int) {
			t.Helper()
			h, err := b.s.Home(t.Context(), b.hr)
			b.must(err)
			if h.Undecided != open || h.OverdueOpinions != overdue {
				t.Errorf("%+v, want %d open, %d overdue", h, open, overdue)
			}
			for what, c := range map[string]struct {
				f    Filter
				want int
			}{
				"waiting":  {Filter{Fitness: Waiting}, h.Undecided},
				"overdue":  {Filter{Fitness: Overdue}, h.OverdueOpinions},
				"upcoming": {Filter{Fitness: Upcoming}, h.Undecided - h.OverdueOpinions},
				"severe":   {Filter{Judgement: "D"}, h.Severe},
				"referral": {Filter{Judgement: "referral"}, h.Referral},
				"to come":  {Filter{Judgement: "none"}, h.NotExamined},
			} {
				if got := count(c.f); got != c.want {
					t.Errorf("%s: %d on the list, %d on the home page", what, got, c.want)
				}
			}
		}
		agree(2, late)
		work, err := b.s.WorkList(t.Context(), b.doctor, year, false)
		b.must(err)
		b.must(b.s.Decide(t.Context(), b.doctor, Decision{Result: work[0].Result, Person: work[0].Person, Fitness: Restricted, Measures: "残業なし", From: today}))
		agree(1, 0)
		if got := count(Filter{Fitness: string(Restricted)}); got != 1 {
			t.Errorf("%d with restrictions", got)
		}
		if v, err := b.s.List(t.Context(), b.doctor2, Filter{Year: year, Fitness: Waiting}); err != nil || v.Total != 0 {
			t.Errorf("the neighbour's list: %+v %v", v, err)
		}
	})
}
