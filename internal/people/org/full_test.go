package org

import (
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

var lastDay = jst.Date{Y: 2026, M: 3, D: 31}

// A full list shows who is missing; nobody leaves before somebody says so, with a day.
func TestFullList(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		b.load(b.hr2, roster)
		b.load(b.hr, roster)
		theirs, before := b.state(b.neighbour), b.state(b.ours)
		two := b.number(b.ours, "1002")

		// 1001 is in the file, 1003 in a line with an error: only 1002 is missing.
		file := header(`1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,本社,総務部,a@example.jp,2005-04-01,,`, `1003,渡邊 誠,ワタナベ マコト,？,1975-06-03,S02,伏見工場,製造一課,,,,`)
		v, err := b.s.ImportFullNow(ctx, b.hr, "all.csv", strings.NewReader(file), false)
		b.must(err)
		if !v.Full || v.AbsentCount != 1 || len(v.Absent) != 1 || v.Absent[0].Person != two.ID || v.Absent[0].Number != "1002" || v.Absent[0].Site != "本社" {
			t.Fatalf("%+v", v)
		}
		if v, err := b.s.ImportNow(ctx, b.hr, "part.csv", strings.NewReader(file), false); err != nil || v.Full || v.AbsentCount != 0 || v.Absent != nil {
			t.Errorf("a list that is not full lacks %+v, %v", v.Absent, err)
		}

		id, err := b.s.StartFullImport(ctx, b.hr, "all.csv", strings.NewReader(file))
		b.must(err)
		b.drain()
		mark := func(who actor.Actor, day jst.Date, people ...ids.Person) string {
			t.Helper()
			if f := fault.Of(b.s.MarkLeavers(ctx, who, id, people, day)); f != nil {
				return f.Code
			}
			return ""
		}
		if got := mark(b.hr, lastDay, two.ID); got != "org.leavers_state" {
			t.Errorf("before it is applied: %s", got)
		}
		b.must(b.s.Confirm(ctx, b.hr, id))
		b.drain()
		v, err = b.s.Import(ctx, b.hr, id)
		b.must(err)
		if v.State != Applied || len(v.Absent) != 1 || b.state(b.ours) != before {
			t.Fatalf("%+v\n%s", v, b.state(b.ours))
		}
		for what, c := range map[string]struct {
			code string
			got  string
		}{
			"nobody":            {"org.leavers_none", mark(b.hr, lastDay)},
			"no day":            {"org.leavers_day", mark(b.hr, jst.Date{}, two.ID)},
			"somebody in it":    {"org.leavers_other", mark(b.hr, lastDay, two.ID, b.number(b.ours, "1001").ID)},
			"a stranger":        {"org.leavers_other", mark(b.hr, lastDay, "x")},
			"before the hire":   {"org.leavers_before_hired", mark(b.hr, jst.Date{Y: 2012, M: 1, D: 1}, two.ID)},
			"another tenant":    {"org.import_missing", mark(b.hr2, lastDay, two.ID)},
			"without the right": {"access.denied", mark(b.as(b.ours, actor.Nurse), lastDay, two.ID)},
		} {
			if c.got != c.code {
				t.Errorf("%s: %q, want %q", what, c.got, c.code)
			}
		}
		if b.state(b.ours) != before {
			t.Fatal("something refused changed something")
		}
		if got := mark(b.hr, lastDay, two.ID, two.ID); got != "" {
			t.Fatal(got)
		}
		if p := b.number(b.ours, "1002"); p.Left != lastDay {
			t.Errorf("%+v", p)
		}
		if !strings.Contains(b.state(b.ours), "left 2026-03-31") {
			t.Error("it is not in the history")
		}
		if v, err = b.s.Import(ctx, b.hr, id); err != nil || len(v.Absent) != 0 || v.AbsentCount != 1 {
			t.Errorf("%+v %v", v.Absent, err)
		}
		if got := mark(b.hr, lastDay, two.ID); got != "org.leavers_other" {
			t.Errorf("twice: %q", got)
		}
		verbs := b.log.verbs()
		if !slices.Contains(verbs, "roster.leavers") || !slices.Contains(verbs, "person.left") {
			t.Errorf("%v", verbs)
		}
		if b.state(b.neighbour) != theirs {
			t.Error("the neighbour changed")
		}
	})
}

func TestLeaversByNumber(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		v, err := b.s.ImportFullNow(t.Context(), b.hr, "all.csv", strings.NewReader(header(`1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,本社,総務部,a@example.jp,2005-04-01,,`)), true)
		b.must(err)
		if v.State != Applied || len(v.Absent) != 2 {
			t.Fatalf("%+v", v)
		}
		if err := b.s.MarkLeaversByNumber(t.Context(), b.hr, v.ID, []string{"1002", "9999"}, lastDay); fault.Of(err).Code != "org.leavers_number" {
			t.Error(err)
		}
		b.must(b.s.MarkLeaversByNumber(t.Context(), b.hr, v.ID, []string{" １００２"}, lastDay))
		if b.number(b.ours, "1002").Left != lastDay || !b.number(b.ours, "1003").Left.IsZero() {
			t.Error("the wrong people left")
		}
	})
}
