package org

import (
	"fmt"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

// TestRosterOfOneSite: whoever has one site adds and changes its people, and nobody else's; makes and renames no site;
// and of a full list only the site's people can be missing (clause 3-2).
func TestRosterOfOneSite(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		b.load(b.hr, roster)
		b.load(b.hr2, roster)
		there := b.state(b.neighbour)
		head := b.number(b.ours, "1001").Site
		local := b.as(b.ours, actor.HR)
		local.Places = map[actor.Role][]actor.Place{actor.HR: {{Site: head}}}
		for line, code := range map[string]string{
			"1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,本社,経理部,a@example.jp,2005-04-01":    "",
			"2001,新人 一郎,シンジン イチロウ,男,2000-04-01,S01,本社,総務部,n@example.jp,2026-04-01":   "",
			"1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,,,法務部,a@example.jp,2005-04-01":         "",
			"1003,渡邊 誠,ワタナベ マコト,男,1975-06-03,S02,伏見工場,製造二課,,":                        "社員番号",
			"1003,渡邊 誠,ワタナベ マコト,男,1975-06-03,S01,本社,総務部,,":                           "社員番号",
			"1003,別人 花子,ベツジン ハナコ,女,1999-01-01,S01,本社,総務部,,":                          "社員番号",
			"1002,鈴木 陽子,スズキ ヨウコ,女,1990-05-02,S02,伏見工場,製造一課,b@example.jp,2013-04-01":  "事業所名",
			"2002,新人 二郎,シンジン ジロウ,男,2000-04-01,S02,伏見工場,製造一課,m@example.jp,2026-04-01": "事業所名",
			"2003,新人 三郎,シンジン サブロウ,男,2000-04-01,S09,新工場,新設課,o@example.jp,2026-04-01":  "事業所名",
			"2004,新人 四郎,シンジン シロウ,男,2000-04-01,,,総務部,p@example.jp,2026-04-01":         "事業所名",
		} {
			v, err := b.s.ImportNow(ctx, local, "one.csv", strings.NewReader(strings.SplitN(roster, "\n", 2)[0]+"\n"+line+"\n"), false)
			got := ""
			if len(v.Rejected) == 1 && len(v.Rejected[0].Errors) == 1 && v.Rejected[0].Errors[0].Code == "org.row_out_of_scope" {
				got = v.Rejected[0].Errors[0].Column
			}
			if err != nil || got != code || (v.Accepted == 1) != (code == "") || len(v.NewSites) > 0 || code != "" && len(v.NewDepts) > 0 {
				t.Errorf("%s: %q, want %q; %+v %v", line, got, code, v, err)
			}
		}

		// A whole file, confirmed: only the own site has changed.
		v := b.load(local, header(
			"1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,改名本社,経理部,a@example.jp,2005-04-01,,",
			"1003,渡邊 誠,ワタナベ マコト,男,1975-06-03,S02,改名工場,製造二課,,,2026-03-31,",
			"2003,新人 三郎,シンジン サブロウ,男,2000-04-01,S09,新工場,新設課,o@example.jp,2026-04-01,,"))
		if v.Applied != 1 || len(v.Rejected) != 2 {
			t.Errorf("%+v", v)
		}
		names := fmt.Sprint(b.dir(b.ours).Sites())
		if p := b.number(b.ours, "1003"); !p.Left.IsZero() || strings.Contains(names, "新工場") || strings.Contains(names, "改名") {
			t.Errorf("%+v, %s", p, names)
		}

		// Of a full list only the own people can be missing.
		full, err := b.s.ImportFullNow(ctx, local, "all.csv", strings.NewReader(header("1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,本社,総務部,a@example.jp,2005-04-01,,")), true)
		if err != nil || full.AbsentCount != 1 || len(full.Absent) != 1 || full.Absent[0].Number != "1002" {
			t.Errorf("%+v %v", full, err)
		}
		if b.state(b.neighbour) != there {
			t.Error("the neighbour has changed")
		}

		// What somebody who reaches further has uploaded does not exist.
		id, err := b.s.StartImport(ctx, b.hr, "wide.csv", strings.NewReader(roster))
		b.must(err)
		b.drain()
		_, e1 := b.s.Import(ctx, local, id)
		_, e2 := b.s.Progress(ctx, local, id)
		for n, err := range []error{e1, e2, b.s.Confirm(ctx, local, id), b.s.Withdraw(ctx, local, id), b.s.MarkLeavers(ctx, local, id, []ids.Person{"x"}, jst.Date{Y: 2026, M: 3, D: 31})} {
			if f := fault.Of(err); f == nil || f.Code != "org.import_missing" {
				t.Errorf("%d: %v", n, err)
			}
		}
		all, err := b.s.Imports(ctx, local, 50)
		b.must(err)
		for _, x := range all {
			if x.ID == id {
				t.Error("it is listed")
			}
		}
		if all, err := b.s.Imports(ctx, b.hr, 50); err != nil || all[0].ID != id {
			t.Errorf("its own is not listed: %v", err)
		}
	})
}

// TestRolesKeepTheirSites: nurse of one site and clerk of another reads both, and changes the other's people alone.
func TestRolesKeepTheirSites(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx, day := t.Context(), jst.Date{Y: 2026, M: 3, D: 31}
		b.load(b.hr, roster)
		one, three := b.number(b.ours, "1001"), b.number(b.ours, "1003")
		both := b.as(b.ours, actor.HR, actor.Nurse, actor.Manager)
		both.Places = map[actor.Role][]actor.Place{actor.Nurse: {{Site: one.Site}}, actor.HR: {{Site: three.Site}}, actor.Manager: {{Dept: b.number(b.ours, "1002").Dept}}}
		if page, err := b.s.People(ctx, both, Filter{}); err != nil || page.Total != 3 {
			t.Errorf("%+v %v", page, err)
		}
		if sites, err := b.s.Sites(ctx, both); err != nil || len(sites) != 2 {
			t.Errorf("%v %v", sites, err)
		}
		if got, err := b.s.DeptPeople(ctx, both); err != nil || names(got) != "鈴木 陽子" {
			t.Errorf("the department: %s %v", names(got), err)
		}
		for _, p := range []Person{one, three} {
			want := p.ID == one.ID
			e1, e2 := b.s.Move(ctx, both, p.ID, p.Site, p.Dept, day), b.s.Leave(ctx, both, p.ID, day)
			if fault.Is(e1, fault.Missing) != want || fault.Is(e2, fault.Missing) != want {
				t.Errorf("%s: %v, %v", p.Number, e1, e2)
			}
		}
		if err := b.s.Move(ctx, both, three.ID, one.Site, one.Dept, day); fault.Of(err) == nil || fault.Of(err).Code != "org.out_of_scope" {
			t.Errorf("moved to the nurse's site: %v", err)
		}
		nurse := both
		nurse.Places = map[actor.Role][]actor.Place{actor.HR: {}}
		if page, err := b.s.People(ctx, nurse, Filter{WithLeavers: true}); err != nil || page.Total != 3 {
			t.Errorf("a nurse everywhere and a clerk nowhere: %+v %v", page, err)
		}
		if _, err := b.s.StartImport(ctx, nurse, "x.csv", strings.NewReader(roster)); err != nil {
			t.Fatal(err)
		}
		b.drain()
	})
}
