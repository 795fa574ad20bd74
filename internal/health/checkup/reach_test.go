package checkup

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

// placed is somebody in several roles, each for a site of its own.
func (b *bed) placed(of map[actor.Role]ids.Site) actor.Actor {
	a := b.as(b.ours)
	a.Places = map[actor.Role][]actor.Place{}
	for _, r := range actor.Roles { // in a fixed order
		if site, ok := of[r]; ok {
			a.Roles = append(a.Roles, r)
			a.Places[r] = []actor.Place{{Site: site}}
		}
	}
	return a
}

func numbers(rows []ListRow) string {
	var out []string
	for _, r := range rows {
		out = append(out, r.Number)
	}
	return strings.Join(out, " ")
}

// TestRolesKeepTheirSites: who is nurse of one site and personnel clerk of another has the nurse's values and notes at
// the one and the clerk's columns at the other; a physician decides at the own site alone (clause 3-2).
func TestRolesKeepTheirSites(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "165"), of("2"), of("3", "収縮期血圧", "165")))
		one, three := b.number("1"), b.number("3")
		head, plant := one.Site, three.Site
		both := b.placed(map[actor.Role]ids.Site{actor.Nurse: head, actor.HR: plant})
		v, err := b.s.List(ctx, both, Filter{Year: 2026})
		b.must(err)
		if v.Population != 5 || len(v.Sites) != 2 {
			t.Errorf("%d people, %v", v.Population, v.Sites)
		}
		for _, r := range v.Rows {
			nurse := r.Number == "1" || r.Number == "2"
			if r.Number == "1" && (len(r.Worst) == 0 || r.Follow != FollowOpen) || !nurse && (len(r.Worst) > 0 || r.Metabolic != 0 || r.Follow != "") {
				t.Errorf("%+v", r)
			}
			if r.Examined && r.Judgement == "" {
				t.Errorf("the clerk's and the nurse's judgement is hidden: %+v", r)
			}
		}
		if v, err := b.s.List(ctx, both, Filter{Year: 2026, Follow: FollowOpen}); err != nil || numbers(v.Rows) != "1" {
			t.Errorf("filtered by notes: %s %v", numbers(v.Rows), err)
		}
		at, err := b.s.Person(ctx, both, one.ID)
		b.must(err)
		there, err := b.s.Person(ctx, both, three.ID)
		b.must(err)
		if !at.ShowValues || !at.CanFollow || there.ShowValues || there.CanFollow || len(there.FollowUps) > 0 || !there.ShowJudgement {
			t.Errorf("at the nurse's site %v %v, at the clerk's %v %v", at.ShowValues, at.CanFollow, there.ShowValues, there.CanFollow)
		}
		note := func(p ids.Person, r ids.Result) error {
			return b.s.NoteFollowUp(ctx, both, FollowUp{Person: p, Result: r, Outcome: NothingFound, Day: at.Exams[0].Day})
		}
		b.must(note(one.ID, at.Exams[0].Result))
		if err := note(three.ID, there.Exams[0].Result); !fault.Is(err, fault.Missing) {
			t.Errorf("a note at the clerk's site: %v", err)
		}
		head1, rows, err := b.s.Export(ctx, both, Filter{Year: 2026})
		if err != nil || len(rows) != 5 || len(head1) == 0 {
			t.Errorf("%d rows: %v", len(rows), err)
		}
		h, err := b.s.Home(ctx, both)
		if err != nil || h.Population != 5 {
			t.Errorf("%+v %v", h, err)
		}

		doctor := b.placed(map[actor.Role]ids.Site{actor.Physician: plant, actor.Nurse: head})
		work, err := b.s.WorkList(ctx, doctor, 2026, true)
		if err != nil || len(work) != 1 || work[0].Number != "3" {
			t.Errorf("%+v %v", work, err)
		}
		decide := func(p ids.Person, r ids.Result) error {
			return b.s.Decide(ctx, doctor, Decision{Person: p, Result: r, Fitness: Normal, Opinion: "通常"})
		}
		if err := decide(one.ID, at.Exams[0].Result); !fault.Is(err, fault.Missing) {
			t.Errorf("a physician decides at the nurse's site: %v", err)
		}
		if err := b.s.SetTreated(ctx, doctor, at.Exams[0].Result, one.ID, "systolic", true); !fault.Is(err, fault.Missing) {
			t.Errorf("and marks an item there: %v", err)
		}
		if p, err := b.s.Person(ctx, doctor, one.ID); err != nil || p.CanDecide || !p.CanFollow {
			t.Errorf("%+v %v", p, err)
		}
		b.must(decide(three.ID, there.Exams[0].Result))
		_, next, ok, err := b.s.NextWaiting(ctx, doctor, 2026, there.Exams[0].Result)
		if err != nil || ok {
			t.Errorf("offered %s: %v", next, err)
		}
	})
}

// TestOneSiteOnly: whoever has one site finds its people in lists, exports and counts, and nobody else anywhere.
func TestOneSiteOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		b.apply(b.hr, fileA(of("1"), of("3")))
		head := b.number("1").Site
		criteria, err := b.s.activeCriteria(ctx, b.ours)
		b.must(err)
		for _, r := range []actor.Role{actor.HR, actor.Nurse, actor.Physician} {
			a := b.placed(map[actor.Role]ids.Site{r: head})
			v, err := b.s.List(ctx, a, Filter{Year: 2026})
			if err != nil || numbers(v.Rows) != "1 2" || v.Population != 2 || len(v.Sites) != 1 {
				t.Errorf("%s: %s, %d, %v: %v", r, numbers(v.Rows), v.Population, v.Sites, err)
			}
			if _, rows, err := b.s.Export(ctx, a, Filter{Year: 2026}); err != nil || len(rows) != 2 {
				t.Errorf("%s exports %d: %v", r, len(rows), err)
			}
			if h, err := b.s.Home(ctx, a); err != nil || h.Population != 2 || h.Examined != 1 {
				t.Errorf("%s: %+v %v", r, h, err)
			}
			if _, err := b.s.Person(ctx, a, b.number("3").ID); !fault.Is(err, fault.Missing) {
				t.Errorf("%s opens somebody elsewhere: %v", r, err)
			}
			if r == actor.HR {
				continue
			}
			if i, err := b.s.TryCriteria(ctx, a, *criteria); err != nil || i.People != 1 {
				t.Errorf("%s tries on %+v: %v", r, i, err)
			}
		}
	})
}

// TestImportOfOneSite: for whoever has one site, people of others are nobody's in an upload; and an upload of
// somebody who reaches further does not exist.
func TestImportOfOneSite(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		head, plant := b.number("1").Site, b.number("3").Site
		local := b.placed(map[actor.Role]ids.Site{actor.HR: head})
		anonymous := of("3", "社員番号", "")
		i := b.upload(local, fileA(of("1"), of("3"), anonymous))
		if i.Accepted != 1 || len(i.Unmatched) != 2 || i.Unmatched[0].Code != codeNoPerson || i.Unmatched[1].Code != codeNobody {
			t.Errorf("%d accepted, %+v", i.Accepted, i.Unmatched)
		}
		if whole := b.see(b.hr, i.ID); whole.Accepted != 1 {
			t.Errorf("%+v", whole)
		}
		if i = b.confirm(local, i.ID); i.State != Applied || i.Applied != 1 {
			t.Errorf("%+v", i)
		}
		if n, err := b.s.ImportNow(ctx, local, "x.csv", strings.NewReader(fileA(of("2"), of("4"))), false); err != nil || n.Accepted != 1 {
			t.Errorf("tried on the command line's way: %+v %v", n, err)
		}

		wide := b.upload(b.hr, fileA(of("2", "収縮期血圧", "高め"), of("4")))
		there := b.placed(map[actor.Role]ids.Site{actor.HR: plant, actor.Nurse: head})
		for name, a := range map[string]actor.Actor{"one site": local, "two sites": there} {
			_, e1 := b.s.Import(ctx, a, wide.ID)
			_, e2 := b.s.Progress(ctx, a, wide.ID)
			_, e3 := b.s.Watch(ctx, a, wide.ID)
			_, e4 := b.s.Columns(ctx, a, wide.ID)
			for n, err := range []error{e1, e2, e3, e4, b.s.Confirm(ctx, a, wide.ID), b.s.Withdraw(ctx, a, wide.ID, "誤り"), b.s.Remap(ctx, a, wide.ID, nil, "")} {
				if f := fault.Of(err); f == nil || f.Code != "checkup.import_missing" {
					t.Errorf("%s, %d: %v", name, n, err)
				}
			}
		}
		if all, err := b.s.Imports(ctx, local); err != nil || len(all) != 1 || all[0].ID != i.ID {
			t.Errorf("%d imports listed: %v", len(all), err)
		}
		// Refused cells may be values: only who may see the values of everybody in the file reads them.
		mine := b.upload(there, fileA(of("2", "収縮期血圧", "高め"), of("4", "収縮期血圧", "高め")))
		if len(mine.Rejected) != 2 || mine.Rejected[0].Errors[0].Args["value"] != hidden {
			t.Errorf("%+v", mine.Rejected)
		}
		nurse := b.placed(map[actor.Role]ids.Site{actor.Nurse: head})
		if own := b.upload(nurse, fileA(of("2", "収縮期血圧", "高め"))); len(own.Rejected) != 1 || own.Rejected[0].Errors[0].Args["value"] == hidden {
			t.Errorf("a nurse's own: %+v", own.Rejected)
		}
	})
}
