package accessreview

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
)

// TestNobodyIsEverAskedAboutHimself over every mix of administrators, second signers and subjects.
func TestNobodyIsEverAskedAboutHimself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := []actor.Role{actor.TenantAdmin, actor.HR, actor.ITSM, actor.Operator}
		people := func(name string) (out []identity.Account) {
			for i := range rapid.IntRange(0, 5).Draw(t, name) {
				a := identity.Account{ID: ids.Account(fmt.Sprintf("%s%d", name, i)), Disabled: rapid.Bool().Draw(t, "disabled")}
				for _, r := range roles {
					if rapid.Bool().Draw(t, string(r)) {
						a.Grants = append(a.Grants, identity.Grant{Role: r})
					}
				}
				out = append(out, a)
			}
			return out
		}
		own, theirs := people("own"), people("their")
		association := ids.Tenant(rapid.SampledFrom([]string{"us", "them"}).Draw(t, "association"))
		b := benchOf("us", own, association, theirs)
		load := map[ids.Account]int{}
		for _, a := range own {
			r, ok := b.pick(string(a.ID), load)
			if ok && (r.Account == a.ID || r.Account == "") {
				t.Fatalf("%s is asked about himself", a.ID)
			}
			if !ok && r.Account != "" {
				t.Fatal("nobody is somebody")
			}
			for _, x := range append(slices.Clone(own), theirs...) {
				if x.ID == r.Account && x.Disabled {
					t.Fatalf("%s cannot sign in", x.ID)
				}
			}
			l := Line{Grant: Grant{Subject: string(a.ID)}, Reviewer: r.Account, ReviewerOf: r.Tenant}
			if ok && !b.still(&l) {
				t.Fatal("who was just asked may not answer")
			}
		}
		low, high := 1<<30, 0
		for _, r := range b.administrators {
			low, high = min(low, load[r.Account]), max(high, load[r.Account])
		}
		if len(b.administrators) > 2 && high-low > 2 {
			t.Fatalf("the work is shared out unevenly: %v", load)
		}
	})
}

// TestVerdicts: whatever is said about a line, it is taken only from its reviewer, who is never its
// subject, and with a reason where one is due.
func TestVerdicts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		who := rapid.SampledFrom([]string{"a", "b", "c", ""})
		l := Line{Grant: Grant{Account, who.Draw(t, "subject"), "hr", "", ""}, Reviewer: ids.Account(who.Draw(t, "reviewer")),
			Decision: rapid.SampledFrom([]Decision{Open, Keep, Reduce, Revoke, Suspended, Escalated, Gone}).Draw(t, "before")}
		if rapid.Bool().Draw(t, "flagged") {
			l.Marks = []Mark{{Flag: Dormant}}
		}
		v := Verdict{Decision: rapid.SampledFrom([]Decision{Open, Keep, Reduce, Revoke, Suspended, "other"}).Draw(t, "verdict"),
			Reason: rapid.SampledFrom([]string{"", "  ", "理由", strings.Repeat("長", 501)}).Draw(t, "reason"), ToSite: ids.Site(rapid.SampledFrom([]string{"", "s"}).Draw(t, "site"))}
		by := ids.Account(who.Draw(t, "by"))
		if err := l.Check(by, v); err != nil {
			return
		}
		switch {
		case by == "" || by != l.Reviewer || string(by) == l.Subject:
			t.Fatalf("%q decides about %q for %q", by, l.Subject, l.Reviewer)
		case !v.Decision.Human():
			t.Fatalf("%q is a verdict", v.Decision)
		case strings.TrimSpace(v.Reason) == "" && (v.Decision != Keep || l.Flagged()):
			t.Fatal("no reason")
		case l.Decision.takes() || l.Decision == Gone:
			t.Fatalf("%s is decided anew", l.Decision)
		case v.Decision == Reduce && v.ToSite == "":
			t.Fatal("reduced to nothing")
		}
	})
}

func TestVerdictWords(t *testing.T) {
	l := Line{Grant: Grant{Account, "s", "hr", "", ""}, Reviewer: "r"}
	for code, c := range map[string]struct {
		by ids.Account
		v  Verdict
	}{
		"review.self":        {"s", Verdict{Decision: Keep}},
		"review.not_yours":   {"x", Verdict{Decision: Keep}},
		"review.decision":    {"r", Verdict{Decision: Suspended}},
		"review.reduce":      {"r", Verdict{Decision: Reduce, Reason: "x"}},
		"review.reason":      {"r", Verdict{Decision: Revoke}},
		"review.reason_long": {"r", Verdict{Decision: Keep, Reason: strings.Repeat("あ", 501)}},
	} {
		if f := fault.Of(l.Check(c.by, c.v)); f == nil || f.Code != code {
			t.Errorf("%s: %v", code, f)
		}
	}
	if (Grant{Kind: Account, Role: "tenantadmin"}).Reducible() || (Grant{Kind: Machine, Role: "hr"}).Reducible() || (Grant{Kind: Account, Role: "hr", Site: "s"}).Reducible() {
		t.Error("what has no reach by site can be narrowed")
	}
}

func flagsOf(n Notes) (out string) {
	for _, m := range n.Marks {
		out += string(m.Flag) + " "
	}
	return strings.TrimSpace(out)
}

func TestFlagsAtTheirBounds(t *testing.T) {
	now := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	ago := func(d int) time.Time { return now.AddDate(0, 0, -d) }
	used, unused := Use{Of: 2, Permissions: []string{"a"}, Times: 3, Unused: []string{"b"}}, Use{Of: 2, Unused: []string{"a", "b"}}
	for name, c := range map[string]struct {
		f    Facts
		want string
	}{
		"in use":                {Facts{Created: ago(400), SignedIn: ago(1), Human: true, Use: used, Seen: ago(90)}, ""},
		"89 days":               {Facts{Created: ago(400), SignedIn: ago(89), Human: true, Use: used, Seen: ago(90)}, ""},
		"90 days":               {Facts{Created: ago(400), SignedIn: ago(90), Human: true, Use: used, Seen: ago(90)}, "dormant"},
		"never, new":            {Facts{Created: ago(10), Human: true, Use: unused, Seen: ago(10)}, ""},
		"never, old":            {Facts{Created: ago(100), Human: true, Use: used, Seen: ago(90)}, "dormant"},
		"unused":                {Facts{Created: ago(400), SignedIn: ago(1), Human: true, Use: unused, Seen: ago(90)}, "unused"},
		"unused, log too young": {Facts{Created: ago(400), SignedIn: ago(1), Human: true, Use: unused, Seen: ago(89)}, ""},
		"nothing to measure":    {Facts{Created: ago(400), SignedIn: ago(1), Human: true, Seen: ago(90)}, ""},
		"left yesterday":        {Facts{Left: jst.Date{Y: 2026, M: 11, D: 27}}, "leaver"},
		"leaves today":          {Facts{Left: jst.Date{Y: 2026, M: 11, D: 28}}, ""},
		"several":               {Facts{Privileged: "x", Devices: 5, Before: true}, "shared creep privileged"},
		"in the first campaign": {Facts{}, ""},
		"had it before":         {Facts{Before: true, HadBefore: true}, ""},
	} {
		n := MarkAll(c.f, now)
		if got := flagsOf(n); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		for _, m := range n.Marks {
			if m.Says == "" || m.Flag.Japanese() == "" {
				t.Errorf("%s: %+v says nothing", name, m)
			}
		}
	}
	if n := MarkAll(Facts{Use: used, Seen: now.Add(-time.Hour)}, now); !strings.Contains(n.Used, "まだ") {
		t.Error(n.Used)
	}
	if n := MarkAll(Facts{Use: used, Seen: ago(30)}, now); n.Used != "直近30日の記録で、2種類の操作のうち1種類を3回使用（未使用：b）" {
		t.Error(n.Used)
	}
}

func TestUseIsReadByRole(t *testing.T) {
	for p, verbs := range traces {
		if !slices.ContainsFunc(access.Matrix, func(r access.Row) bool { return r.Permission == p }) || len(verbs) == 0 {
			t.Errorf("%s is in no matrix", p)
		}
	}
	seen := map[string]int{"checkup.list": 4, "roster.upload": 1}
	hr, physician := UseOf(actor.HR, seen), UseOf(actor.Physician, seen)
	if hr.Times != 5 || len(hr.Permissions) != 2 || len(physician.Permissions) != 1 || hr.Of != len(hr.Permissions)+len(hr.Unused) {
		t.Errorf("%+v %+v", hr, physician)
	}
	if u := UseOf(actor.Employee, nil); u.Of == 0 || u.Times != 0 {
		t.Errorf("%+v", u)
	}
	if u := UseOf("nobody", seen); u.Of != 0 || u.says(time.Hour) != "" {
		t.Errorf("%+v", u)
	}
}

func TestReaches(t *testing.T) {
	a := actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Roles: []actor.Role{actor.HR, actor.Manager}, Places: map[actor.Role][]actor.Place{actor.HR: {{Site: "s1"}}, actor.Manager: {{Site: "s1", Dept: "d1"}}}}
	for _, c := range []struct {
		g    Grant
		want bool
	}{
		{Grant{Role: "nurse"}, false},
		{Grant{Role: "hr", Site: "s1"}, true},
		{Grant{Role: "hr", Site: "s2"}, false},
		{Grant{Role: "hr"}, false}, // everywhere it is not
		{Grant{Role: "manager", Site: "s1", Dept: "d1"}, true},
		{Grant{Role: "manager", Dept: "d1"}, false}, // in every site it is not
		{Grant{Role: "manager", Site: "s1", Dept: "d2"}, false},
	} {
		if got := Reaches(a, c.g); got != c.want {
			t.Errorf("%+v: %v", c.g, got)
		}
	}
	delete(a.Places, actor.HR)
	if !Reaches(a, Grant{Role: "hr"}) || !Reaches(a, Grant{Role: "hr", Site: "s2"}) {
		t.Error("who has it everywhere has it in each site")
	}
}

func TestTallyAndItsWarnings(t *testing.T) {
	line := func(d Decision, took time.Duration, flagged bool) Line {
		l := Line{Decision: d, Took: took, DecidedBy: "r"}
		if flagged {
			l.Marks = []Mark{{Flag: Dormant}}
		}
		if d.takes() {
			l.ReadBack = "denied"
		}
		return l
	}
	s := time.Second
	for name, c := range map[string]struct {
		lines []Line
		want  string
	}{
		"careful":              {[]Line{line(Keep, 20*s, true), line(Revoke, 30*s, true), line(Keep, 5*s, false)}, "none"},
		"half of them at once": {[]Line{line(Keep, s, false), line(Keep, 20*s, false)}, "high"},
		"exactly the bound":    {[]Line{line(Keep, Fast, false)}, "none"},
		"all kept":             {[]Line{line(Keep, 20*s, true), line(Keep, 20*s, false)}, "watch"},
		"nobody decided":       {[]Line{line(Suspended, 0, true)}, "none"},
	} {
		if r := Tally(c.lines); r.Stamping != c.want {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r := Tally([]Line{line(Keep, 10*s, false), line(Keep, 20*s, false), line(Gone, 0, false), line(Suspended, 0, false), line(Open, 0, false)})
	if r.Percent != 50 || r.Median != 15 || r.ToDo != 1 || r.Denied != 1 || r.Open != 1 || r.Complete() || r.Total != 5 {
		t.Errorf("%+v", r)
	}
	if r := Tally(nil); r.Percent != 0 || !r.Complete() || r.Median != 0 {
		t.Errorf("%+v", r)
	}
}

func TestHashesTellLinesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Line{Grant: Grant{Account, rapid.String().Draw(t, "s"), rapid.String().Draw(t, "r"), "", ""}, No: 1, flags: "{}"}
		moved := l
		moved.Subject, moved.Role = l.Subject+"x", strings.TrimPrefix(l.Role, "x")
		if SnapshotHash("c", []Line{l}) == SnapshotHash("c", []Line{moved}) {
			t.Fatal("two snapshots, one hash")
		}
		decided := l
		decided.Decision = Keep
		if SnapshotHash("c", []Line{l}) != SnapshotHash("c", []Line{decided}) || LinesHash("c", []Line{l}) == LinesHash("c", []Line{decided}) {
			t.Fatal("a decision belongs to the report, not to the snapshot")
		}
		added := decided
		added.Addendum = true
		if SnapshotHash("c", []Line{l}) != SnapshotHash("c", []Line{l, added}) {
			t.Fatal("an addendum changes the snapshot")
		}
	})
}

// TestPersonnelBesideTheRole: beside roles that have to do with personnel authority a reviewer reads what counts;
// beside the others nothing; and it is no mark, for a line with a mark can't be kept in bulk.
func TestPersonnelBesideTheRole(t *testing.T) {
	for _, r := range actor.Roles {
		concerns := r == actor.HR || r == actor.Manager || r == actor.StressImplementer || r == actor.StressStaff
		for say, word := range map[actor.Personnel]string{actor.PersonnelHeld: "あり（", actor.PersonnelNone: "なし（", actor.PersonnelUnknown: "未確認"} {
			got := personnelSays(r, say, []actor.Role{r})
			if (got != "") != concerns || concerns && !strings.Contains(got, word) {
				t.Errorf("%s, %q: %q", r, say, got)
			}
			if n := MarkAll(Facts{Personnel: got}, time.Now()); len(n.Marks) != 0 || n.Personnel != got {
				t.Errorf("%+v", n)
			}
		}
	}
	if got := personnelSays(actor.HR, "", []actor.Role{actor.HR}); !strings.Contains(got, "「あり」として") {
		t.Error(got)
	}
	if got := personnelSays(actor.StressStaff, "", []actor.Role{actor.StressStaff, actor.Nurse}); strings.Contains(got, "「あり」として") {
		t.Error(got)
	}
}
