package org

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

func names(people []Person) string {
	var out []string
	for _, p := range people {
		out = append(out, p.Name)
	}
	return strings.Join(out, ",")
}

func TestPeopleAreFilteredAndScoped(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		b.load(b.hr2, strings.ReplaceAll(roster, "佐藤", "隣人"))
		b.must(b.s.Leave(t.Context(), b.hr, b.number(b.ours, "1003").ID, jst.Date{Y: 2026, M: 3, D: 31}))
		p1 := b.number(b.ours, "1001")
		scoped := b.as(b.ours, actor.HR)
		scoped.Places = map[actor.Role][]actor.Place{actor.HR: {{Site: p1.Site}}}
		none := b.as(b.ours, actor.HR)
		none.Places = map[actor.Role][]actor.Place{actor.HR: {}}
		for _, c := range []struct {
			who  actor.Actor
			f    Filter
			want string
		}{
			{b.hr, Filter{}, "佐藤 翔太,鈴木 陽子"},
			{b.hr, Filter{WithLeavers: true}, "佐藤 翔太,鈴木 陽子,渡邊 誠"},
			{b.hr, Filter{Query: "ｽｽﾞｷ"}, "鈴木 陽子"},
			{b.hr, Filter{Query: "すずきよ"}, "鈴木 陽子"},
			{b.hr, Filter{Query: "佐藤翔"}, "佐藤 翔太"},
			{b.hr, Filter{Query: "１００"}, "佐藤 翔太,鈴木 陽子"},
			{b.hr, Filter{Query: "隣人"}, ""},
			{b.hr, Filter{Dept: p1.Dept}, "佐藤 翔太"},
			{b.hr, Filter{Site: p1.Site, Offset: 1, Limit: 5}, "鈴木 陽子"},
			{scoped, Filter{WithLeavers: true}, "佐藤 翔太,鈴木 陽子"},
			{none, Filter{WithLeavers: true}, ""},
			{b.hr2, Filter{Query: "隣人"}, "隣人 翔太"},
		} {
			page, err := b.s.People(t.Context(), c.who, c.f)
			if err != nil || names(page.People) != c.want {
				t.Errorf("%+v: %s %v, want %s", c.f, names(page.People), err, c.want)
			}
		}
		if page, _ := b.s.People(t.Context(), b.hr, Filter{Limit: 1}); page.Total != 2 || len(page.People) != 1 {
			t.Errorf("%+v", page)
		}
		if sites, err := b.s.Sites(t.Context(), scoped); err != nil || len(sites) != 1 {
			t.Errorf("%v %v", sites, err)
		}
		if depts, err := b.s.Depts(t.Context(), b.hr); err != nil || len(depts) != 3 {
			t.Errorf("%v %v", depts, err)
		}
	})
}

// TestNamesAreOfThoseInReach: a list that stands elsewhere (what is to be erased) shows names to who may read them
// in the roster, and the reading is in the log.
func TestNamesAreOfThoseInReach(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		b.load(b.hr2, strings.ReplaceAll(roster, "佐藤", "隣人"))
		p1, p2, foreign := b.number(b.ours, "1001"), b.number(b.ours, "1002"), b.number(b.neighbour, "1001")
		asked := []ids.Person{p1.ID, p1.ID, foreign.ID, ids.New[ids.Person]()}
		none := b.as(b.ours, actor.HR)
		none.Places = map[actor.Role][]actor.Place{actor.HR: {{Site: ids.New[ids.Site]()}}}
		for who, want := range map[string]struct {
			actor.Actor
			names int
		}{"personnel": {b.hr, 1}, "of no site": {none, 0}, "the neighbour": {b.hr2, 1}} {
			got, err := b.s.Names(t.Context(), want.Actor, asked)
			if err != nil || len(got) != want.names || got[p2.ID] != "" || (who == "personnel") != (got[p1.ID] == "佐藤 翔太") {
				t.Errorf("%s: %v %v", who, got, err)
			}
		}
		if _, err := b.s.Names(t.Context(), b.as(b.ours, actor.TenantAdmin), asked); !fault.Is(err, fault.Denied) {
			t.Errorf("the administrator: %v", err)
		}
	})
}

func TestWhoMayReadAPerson(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		b.load(b.hr2, roster)
		p1, p2, foreign := b.number(b.ours, "1001"), b.number(b.ours, "1002"), b.number(b.neighbour, "1001")
		self := b.as(b.ours, actor.Employee)
		self.Person = p1.ID
		manager := b.as(b.ours, actor.Manager)
		manager.Places = map[actor.Role][]actor.Place{actor.Manager: {{Dept: p2.Dept}}}
		physician := b.as(b.ours, actor.Physician)
		physician.Places = map[actor.Role][]actor.Place{actor.Physician: {{Site: b.number(b.ours, "1003").Site}}}
		for name, c := range map[string]struct {
			who  actor.Actor
			id   ids.Person
			want fault.Kind
		}{
			"hr":                      {b.hr, p1.ID, ""},
			"oneself":                 {self, p1.ID, ""},
			"a colleague":             {self, p2.ID, fault.Denied},
			"manager":                 {manager, p2.ID, fault.Denied},
			"outside the site":        {physician, p1.ID, fault.Missing},
			"another tenant's":        {b.hr, foreign.ID, fault.Missing},
			"nobody":                  {b.hr, ids.New[ids.Person](), fault.Missing},
			"not an identifier":       {b.hr, "x", fault.Missing},
			"no person and no number": {self, "", fault.Denied},
		} {
			_, e1 := b.s.Person(t.Context(), c.who, c.id)
			_, e2 := b.s.History(t.Context(), c.who, c.id)
			for _, err := range []error{e1, e2} {
				if c.want == "" && err != nil || c.want != "" && !fault.Is(err, c.want) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		if got, err := b.s.DeptPeople(t.Context(), manager); err != nil || names(got) != "鈴木 陽子" {
			t.Errorf("%s %v", names(got), err)
		}
		manager.Places = nil
		if got, err := b.s.DeptPeople(t.Context(), manager); err != nil || len(got) != 0 {
			t.Errorf("a manager of nothing sees %s %v", names(got), err)
		}
		if _, err := b.s.DeptPeople(t.Context(), self); !fault.Is(err, fault.Denied) {
			t.Error(err)
		}
	})
}

func TestEveryReadIsAudited(t *testing.T) {
	b := newBed(t, testdb.New(t, db.SQLite))
	b.load(b.hr, roster)
	p := b.number(b.ours, "1001")
	for verb, f := range map[string]func() error{
		"person.read":    func() error { _, err := b.s.Person(t.Context(), b.hr, p.ID); return err },
		"person.history": func() error { _, err := b.s.History(t.Context(), b.hr, p.ID); return err },
		"people.list":    func() error { _, err := b.s.People(t.Context(), b.hr, Filter{Query: "佐藤"}); return err },
	} {
		b.log.events = nil
		b.must(f())
		if len(b.log.events) != 1 || b.log.events[0].Verb != verb || len(b.log.events[0].Subjects) != 1 || b.log.events[0].Subjects[0] != p.ID || b.log.events[0].Actor.Account != b.hr.Account {
			t.Errorf("%s: %+v", verb, b.log.events)
		}
	}
}

func TestMoveAndLeave(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		b.load(b.hr2, roster)
		p, to, foreign := b.number(b.ours, "1001"), b.number(b.ours, "1003"), b.number(b.neighbour, "1003")
		day := jst.Date{Y: 2026, M: 4, D: 1}
		b.must(b.s.Move(t.Context(), b.hr, p.ID, to.Site, to.Dept, day))
		if got := b.number(b.ours, "1001"); got.Site != to.Site || got.Dept != to.Dept {
			t.Fatalf("%+v", got)
		}
		b.must(b.s.Move(t.Context(), b.hr, p.ID, "", "", day))
		if got := b.number(b.ours, "1001"); got.Site != "" || got.Dept != "" {
			t.Fatalf("%+v", got)
		}
		if err := b.s.Move(t.Context(), b.hr, p.ID, foreign.Site, "", day); !fault.Is(err, fault.Missing) {
			t.Errorf("moved into the neighbour's site: %v", err)
		}
		if err := b.s.Leave(t.Context(), b.hr, foreign.ID, day); !fault.Is(err, fault.Missing) {
			t.Errorf("the neighbour's person left: %v", err)
		}
		if err := b.s.Leave(t.Context(), b.hr, p.ID, jst.Date{Y: 2005, M: 3, D: 31}); !fault.Is(err, fault.Invalid) {
			t.Errorf("left before hired: %v", err)
		}
		if err := b.s.Leave(t.Context(), b.as(b.ours, actor.Nurse), p.ID, day); !fault.Is(err, fault.Denied) {
			t.Errorf("a nurse dismissed somebody: %v", err)
		}
		b.must(b.s.Leave(t.Context(), b.hr, p.ID, day))
		got := b.number(b.ours, "1001")
		if got.LeftBy(day) || !got.LeftBy(day.AddDays(1)) {
			t.Errorf("%+v", got)
		}
		if b.number(b.neighbour, "1001").Left != (jst.Date{}) || b.number(b.neighbour, "1001").Site == "" {
			t.Error("the neighbour's person was changed")
		}
	})
}

func TestErasedPersonIsInNoDirectory(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		p := b.number(b.ours, "1002")
		b.must(b.vault.DestroyPersons(t.Context(), b.ours, []ids.Person{p.ID}))
		b.start()
		d := b.dir(b.ours)
		if _, ok := d.Person(p.ID); ok || d.Len() != 2 {
			t.Fatalf("%d people", d.Len())
		}
	})
}

func TestNothingReadableOnDisk(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	b := newBed(t, e)
	b.load(b.hr, roster)
	_, err := b.s.StartImport(t.Context(), b.hr, "佐藤名簿.csv", strings.NewReader(change))
	b.must(err)
	b.drain()
	files := 0
	b.must(filepath.WalkDir(e.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		files++
		for _, canary := range []string{"佐藤", "サトウ", "鈴木", "a@example.jp", "example.jp", "伏見工場", "大阪営業所", "製造一課", "1980-04-01", "19800401"} {
			if bytes.Contains(raw, []byte(canary)) {
				t.Errorf("%s stands in %s", canary, filepath.Base(path))
			}
		}
		return err
	}))
	if files < 3 {
		t.Fatalf("%d files looked at", files)
	}
}

func TestDirectoryFollowsChanges(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		if d := b.dir(b.ours); d.Len() != 0 || d.Revision() != 0 {
			t.Fatalf("%d people", d.Len())
		}
		b.load(b.hr, roster)
		first := b.dir(b.ours)
		if b.dir(b.ours) != first {
			t.Error("loaded again without a change")
		}
		twins := header(`3001,双子 一,フタゴ イチ,男,1990-01-01,,,,,,,`, `3002,双子 一,フタゴ イチ,男,1990-01-01,,,,,,,`)
		b.load(b.hr, twins)
		d := b.dir(b.ours)
		if d == first || first.Len() != 3 || d.Len() != 5 {
			t.Fatalf("%d then %d people", first.Len(), d.Len())
		}
		if _, n := d.ByIdentity("フタゴ イチ", jst.Date{Y: 1990, M: 1, D: 1}, Male); n != 2 {
			t.Errorf("%d fit", n)
		}
		if _, n := d.ByIdentity("フタゴ イチ", jst.Date{Y: 1990, M: 1, D: 1}, Female); n != 0 {
			t.Errorf("%d fit", n)
		}
		for p := range d.InDept(b.number(b.ours, "1002").Dept) {
			if p.Number != "1002" {
				t.Errorf("%+v", p)
			}
		}
		for p := range d.All() {
			q, ok := d.Person(p.ID)
			if r, ok2 := d.ByNumber(p.Number); !ok || !ok2 || q != p || r != p {
				t.Errorf("%+v %+v %+v", p, q, r)
			}
		}
	})
}
