package retention

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

func anyDay(t *rapid.T, name string) jst.Date {
	return jst.Date{Y: rapid.IntRange(1990, 2060).Draw(t, name+" y"), M: rapid.IntRange(1, 12).Draw(t, name+" m"), D: 1}.AddDays(rapid.IntRange(0, 30).Draw(t, name+" d"))
}

// TestNothingHeldOrUnexpiredIsEverListed, whatever the law's class, the contract, the holds and the day; and what is
// neither is always listed, alone or with its person.
func TestNothingHeldOrUnexpiredIsEverListed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		today := anyDay(t, "today")
		class := rapid.SampledFrom(append(names(), "知らない種類"))
		p := Periods{}
		for range rapid.IntRange(0, 3).Draw(t, "contracts") {
			p[class.Draw(t, "contract")] = rapid.IntRange(0, 60).Draw(t, "years")
		}
		s := Someone{ID: "p"}
		if rapid.Bool().Draw(t, "left") {
			s.Left = anyDay(t, "left on")
		}
		for range rapid.IntRange(0, 5).Draw(t, "cards") {
			s.Cards = append(s.Cards, Card{Unit: cardUnit, ID: ids.New[string](), Class: class.Draw(t, "class"), Base: anyDay(t, "base")})
		}
		h := Held{Whole: rapid.IntRange(0, 4).Draw(t, "whole") == 0, Classes: map[string]bool{}, People: map[ids.Person]bool{}}
		if rapid.IntRange(0, 3).Draw(t, "held person") == 0 {
			h.People["p"] = true
		}
		if rapid.IntRange(0, 2).Draw(t, "held class") == 0 {
			h.Classes[class.Draw(t, "which")] = true
		}
		listed := map[string]bool{}
		person := false
		for _, d := range s.Expired(today, p, h) {
			if h.Whole || h.People[d.Person] || h.Classes[d.Class] {
				t.Fatalf("held, and listed: %+v", d)
			}
			if !today.After(d.KeepUntil) {
				t.Fatalf("on %s: %+v", today, d)
			}
			listed[d.Subject] = true
			person = person || d.Kind == OfPerson
		}
		if person && (s.Left.IsZero() || !today.After(s.Left.AddMonths(60)) || len(h.Classes) > 0 || len(listed) != 1) {
			t.Fatalf("a person is listed: %+v", s)
		}
		for _, c := range s.Cards {
			law, err := ByName(c.Class)
			expired := err == nil && today.After(c.Base.AddMonths(12*max(law.Years, p[law.Name])))
			if person && !expired || listed[c.ID] && !expired {
				t.Fatalf("not expired, and listed: %+v", c)
			}
			if expired && !person && !listed[c.ID] && !h.Whole && !h.People["p"] && !h.Classes[c.Class] {
				t.Fatalf("expired, and nobody is told: %+v", c)
			}
		}
	})
}

// TestOverdue: the published days, and not an instant less.
func TestOverdue(t *testing.T) {
	now := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		c    Candidate
		want bool
	}{
		{Candidate{State: Open, Listed: now.AddDate(0, 0, -WaitDays)}, false},
		{Candidate{State: Open, Listed: now.AddDate(0, 0, -WaitDays).Add(-time.Second)}, true},
		{Candidate{State: Approved, CustomerAt: now.AddDate(0, 0, -9), DeskAt: now.AddDate(0, 0, -1)}, false},
		{Candidate{State: Erasing, CustomerAt: now.AddDate(0, 0, -3), DeskAt: now.AddDate(0, 0, -9)}, true},
		{Candidate{State: Declined, Listed: now.AddDate(-1, 0, 0)}, false},
		{Candidate{State: Erased, Listed: now.AddDate(-1, 0, 0)}, false},
	} {
		if got := x.c.Overdue(now); got != x.want {
			t.Errorf("%+v: %t", x.c, got)
		}
	}
}
