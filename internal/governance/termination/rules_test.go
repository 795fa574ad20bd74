package termination

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

func code(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

func month(t interface{ Fatal(...any) }, s string) jst.Date {
	d, err := jst.ParseDate(s + "-01")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	asked  = time.Date(2026, 11, 10, 3, 0, 0, 0, time.UTC)
	cooled = asked.Add(Cooling)
	digest = strings.Repeat("a", 64)
)

func who(account string, side Side, at time.Time) By { return By{ids.Account(account), side, at} }

func opened(t *testing.T) *Case {
	t.Helper()
	c, err := open("c", "t", "試験株式会社", "shiken", month(t, "2026-11"), who("admin", Customer, asked))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func received(by By) Receipt { return Receipt{By: by, Digest: digest, Duty: "x"} }

func TestTheWindow(t *testing.T) {
	for _, v := range []struct{ month, first, last string }{ // decisions 6-2
		{"2026-11", "2026-12-01", "2026-12-30"}, {"2027-01", "2027-02-01", "2027-03-02"}, {"2028-02", "2028-03-01", "2028-03-30"},
	} {
		c, err := open("c", "t", "n", "k", month(t, v.month), who("a", Customer, asked))
		if err != nil || c.EraseNotBefore.String() != v.first || c.EraseBy.String() != v.last || c.Month != v.month {
			t.Errorf("%s: %+v, %v", v.month, c, err)
		}
	}
	if _, err := open("c", "t", "n", "k", month(t, "2026-10"), who("a", Customer, asked)); code(err) != "date.month_past" {
		t.Errorf("a month that is over: %v", err)
	}
	// The last instant of the month in Japan is still the month; the next is not.
	end := time.Date(2026, 11, 30, 14, 59, 59, 0, time.UTC)
	if _, err := open("c", "t", "n", "k", month(t, "2026-11"), who("a", Customer, end)); err != nil {
		t.Errorf("on the last day: %v", err)
	}
	if _, err := open("c", "t", "n", "k", month(t, "2026-11"), who("a", Customer, end.Add(time.Second))); code(err) != "date.month_past" {
		t.Errorf("a second later: %v", err)
	}
}

// TestEveryConditionIsNeeded walks the whole way and tries each step too early and by the wrong people.
func TestEveryConditionIsNeeded(t *testing.T) {
	c := opened(t)
	admin, kyokai1, kyokai2 := who("admin", Customer, cooled), who("k1", Association, cooled), who("k2", Association, cooled)
	refuse := func(want string, err error) {
		t.Helper()
		if code(err) != want {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	refuse("termination.no_receipt", c.confirm(kyokai1))
	refuse("termination.duty", c.receive(Receipt{By: admin, Digest: digest}))
	refuse("termination.no_file", c.receive(Receipt{By: admin, Duty: "x"}))
	refuse("termination.reason", c.receive(Receipt{By: admin, Refused: true, Duty: "x"}))
	refuse("termination.customer_only", c.receive(received(kyokai1)))
	must(t, c.receive(Receipt{By: admin, Refused: true, Reason: "自社で控えがある", Duty: "x"}))
	refuse("termination.no_call", c.confirm(kyokai1))
	refuse("termination.association_only", c.callBack(CallBack{admin, "代表番号"}))
	refuse("termination.how", c.callBack(CallBack{kyokai1, " "}))
	must(t, c.callBack(CallBack{kyokai1, "契約書の代表番号へ架電"}))
	refuse("termination.cooling", c.confirm(who("k1", Association, cooled.Add(-time.Microsecond))))
	must(t, c.callBack(CallBack{kyokai2, "代表番号へもう一度"})) // nobody has confirmed on the first one
	must(t, c.confirm(admin))
	refuse("termination.called", c.callBack(CallBack{kyokai1, "携帯電話"}))
	if c.CallBack.How != "代表番号へもう一度" || len(c.Confirmed) != 1 {
		t.Errorf("the call was exchanged under a confirmation: %+v", c.CallBack)
	}
	refuse("termination.same_person", c.confirm(admin))
	refuse("termination.association_too", c.confirm(who("admin2", Customer, cooled)))
	refuse("termination.same_person", c.confirm(By{Side: Association, At: cooled}))
	refuse("termination.not_confirmed", c.mayErase(c.EraseNotBefore.Start()))
	if c.Phase() != Requested {
		t.Errorf("phase %s with one confirmation", c.Phase())
	}
	must(t, c.confirm(kyokai1))
	refuse("termination.confirmed", c.confirm(kyokai2))
	if c.Phase() != Confirmed {
		t.Errorf("phase %s", c.Phase())
	}
	refuse("termination.early", c.mayErase(c.EraseNotBefore.Start().Add(-time.Microsecond)))
	must(t, c.mayErase(c.EraseNotBefore.Start()))
	// A new receipt takes the confirmations back: they were given on other grounds.
	must(t, c.receive(received(admin)))
	if len(c.Confirmed) != 0 || c.Phase() != Requested {
		t.Error("the confirmations outlive the receipt they were given on")
	}
}

func TestCancelling(t *testing.T) {
	c := opened(t)
	if code(c.cancel(who("admin", Customer, asked), "")) != "termination.reason" {
		t.Error("cancelled without a reason")
	}
	for _, reason := range []string{"a\x1bb", "a\u202eb", "\u200b"} {
		if code(c.cancel(who("admin", Customer, asked), reason)) != "termination.reason" || code(c.receive(Receipt{By: who("admin", Customer, asked), Refused: true, Reason: reason, Duty: "x"})) != "termination.reason" {
			t.Errorf("%q is a reason", reason)
		}
	}
	must(t, c.receive(Receipt{By: who("admin", Customer, asked), Refused: true, Reason: "一\r\n二", Duty: "x"}))
	must(t, c.cancel(who("k1", Association, asked), "継続の\n申出"))
	if c.CancelReason != "継続の 申出" || c.Receipt.Reason != "一 二" {
		t.Errorf("kept as %q and %q", c.CancelReason, c.Receipt.Reason)
	}
	if c.Phase() != Cancelled || code(c.confirm(who("k", Association, cooled))) != "termination.cancelled" || code(c.mayErase(c.EraseBy.Start())) == "" {
		t.Error("a cancelled case goes on")
	}
	begun := opened(t)
	begun.Started = cooled
	if code(begun.cancel(who("admin", Customer, cooled), "x")) != "termination.begun" {
		t.Error("cancelled after the point of no return")
	}
}

func TestLateness(t *testing.T) {
	c := opened(t)
	last := c.EraseBy.AddDays(1).Start()
	if c.Late(last.Add(-time.Microsecond)) || !c.Late(last) {
		t.Error("the last permitted day ends at midnight in Japan")
	}
	c.Started, c.Erased, c.Held, c.First = last, last, 1, "x"
	if c.Late(last) || c.Phase() != Held {
		t.Error("a legal hold is no lateness")
	}
	c.Held = 0
	if c.Phase() != Erased || c.Late(last) {
		t.Errorf("phase %s", c.Phase())
	}
	c.Second = "y"
	if c.Phase() != Closed {
		t.Errorf("phase %s", c.Phase())
	}
	c.First, c.Second = "", ""
	if c.Phase() != Erasing || !c.Late(last) {
		t.Error("erased without a certificate is not done")
	}
}

// TestNoOrderOfActsErasesEarly: whatever is done in whatever order, the erasure needs receipt, call, two
// different people of whom one is the association's, the cooling-off and the window.
func TestNoOrderOfActsErasesEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := open("c", "t", "n", "k", month(t, "2026-11"), who("admin", Customer, asked))
		if err != nil {
			t.Fatal(err)
		}
		now := asked
		accounts := []string{"admin", "admin2", "k1", "k2", ""}
		for range rapid.IntRange(1, 30).Draw(t, "acts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hours")) * time.Hour)
			side := rapid.SampledFrom([]Side{Customer, Association}).Draw(t, "side")
			by := who(rapid.SampledFrom(accounts).Draw(t, "account"), side, now)
			before := c.Phase()
			switch rapid.SampledFrom([]string{"receive", "refuse", "call", "confirm", "cancel", "erase"}).Draw(t, "act") {
			case "receive":
				_ = c.receive(received(by))
			case "refuse":
				_ = c.receive(Receipt{By: by, Refused: true, Reason: "x", Duty: "x"})
			case "call":
				_ = c.callBack(CallBack{by, "x"})
			case "confirm":
				_ = c.confirm(by)
			case "cancel":
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					_ = c.cancel(by, "x")
				}
			case "erase":
				if c.mayErase(now) == nil {
					c.Started = now
				}
			}
			if before == Cancelled && c.Phase() != Cancelled || before == Erasing && c.Phase() != Erasing {
				t.Fatalf("from %s back to %s", before, c.Phase())
			}
			if c.Started.IsZero() {
				continue
			}
			people := map[ids.Account]bool{}
			for _, b := range c.Confirmed {
				people[b.Account] = true
				if b.At.Before(cooled) {
					t.Fatalf("confirmed at %v, before the cooling-off ended", b.At)
				}
			}
			ours := slices.ContainsFunc(c.Confirmed, func(b By) bool { return b.Side == Association })
			if c.Receipt == nil || c.Receipt.Side != Customer || c.CallBack == nil || c.CallBack.Side != Association || len(people) < Confirmations || !ours || jst.Of(c.Started).Before(c.EraseNotBefore) || c.Cancelled != nil {
				t.Fatalf("erased without its conditions: %+v", c)
			}
		}
	})
}
