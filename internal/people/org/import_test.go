package org

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/japanese"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

func TestImportThroughTheQueue(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr2, strings.ReplaceAll(roster, "100", "900"))
		before := b.state(b.neighbour)

		id, err := b.s.StartImport(t.Context(), b.hr, "名簿.csv", strings.NewReader(roster))
		b.must(err)
		if v, err := b.s.Import(t.Context(), b.hr, id); err != nil || v.State != Reading || v.File != "名簿.csv" || v.Total != len(roster) {
			t.Fatalf("%+v %v", v, err)
		}
		b.drain()
		v, err := b.s.Import(t.Context(), b.hr, id)
		b.must(err)
		if v.State != Preview || v.Rows != 3 || v.Accepted != 3 || v.Added != 3 || v.Applied != 0 || !slices.Equal(v.NewSites, []string{"本社", "伏見工場"}) || len(v.NewDepts) != 3 {
			t.Fatalf("%+v", v)
		}
		if n := b.dir(b.ours).Len(); n != 0 {
			t.Fatalf("%d people before confirmation", n)
		}
		b.must(b.s.Confirm(t.Context(), b.hr, id))
		if v, _ := b.s.Import(t.Context(), b.hr, id); v.State != Applying {
			t.Fatalf("%+v", v)
		}
		b.drain()
		v, err = b.s.Import(t.Context(), b.hr, id)
		b.must(err)
		if v.State != Applied || v.Applied != 3 {
			t.Fatalf("%+v", v)
		}
		p := b.number(b.ours, "１００１")
		d := b.dir(b.ours)
		site, _ := d.Site(p.Site)
		dept, _ := d.Dept(p.Dept)
		if p.Name != "佐藤 翔太" || p.Kana != "サトウ ショウタ" || p.Sex != Male || p.Birth != (jst.Date{Y: 1980, M: 4, D: 1}) ||
			p.Email != "a@example.jp" || p.Hired.String() != "2005-04-01" || site.Name != "本社" || dept.Name != "総務部" {
			t.Fatalf("%+v %+v %+v", p, site, dept)
		}
		if q, n := d.ByIdentity("ｻﾄｳ ｼｮｳﾀ", p.Birth, Male); n != 1 || q != p {
			t.Fatalf("%+v %d", q, n)
		}
		if left, _ := b.blobs.List(t.Context(), b.ours, ""); len(left) != 0 {
			t.Fatalf("the file is still there: %v", left)
		}
		if got := b.state(b.neighbour); got != before {
			t.Fatalf("the neighbour changed:\n%s", got)
		}
		if _, err := b.s.Import(t.Context(), b.hr2, id); !fault.Is(err, fault.Missing) {
			t.Fatalf("the neighbour sees the import: %v", err)
		}
		if list, err := b.s.Imports(t.Context(), b.hr2, 10); err != nil || len(list) != 1 || list[0].ID == id {
			t.Fatalf("%v %v", list, err)
		}
		for _, verb := range []string{"roster.upload", "roster.read", "roster.confirm", "roster.apply"} {
			if !slices.Contains(b.log.verbs(), verb) {
				t.Errorf("no audit event %s in %v", verb, b.log.verbs())
			}
		}
	})
}

func TestSameFileTwiceChangesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		before := b.state(b.ours)
		v, err := b.s.ImportNow(t.Context(), b.hr, "again.csv", strings.NewReader(roster), false)
		b.must(err)
		if v.State != Preview || v.Accepted != 0 || v.Unchanged != 3 || v.Rows != 3 {
			t.Fatalf("%+v", v)
		}
		if v := b.load(b.hr, roster); v.Applied != 0 || v.Unchanged != 3 {
			t.Fatalf("%+v", v)
		}
		if got := b.state(b.ours); got != before {
			t.Fatalf("before\n%s\nafter\n%s", before, got)
		}
	})
}

func TestWrongLinesAreNamed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		v, err := b.s.ImportNow(t.Context(), b.hr, "x.csv", strings.NewReader(header(
			`1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,本社,総務部,a@example.jp,2005-04-01,,`,
			`2001,"改行の`,
			`ある名前",カイギョウ,男,1990-01-01,S01,本社,総務部,,,,`,
			`2002,誤り 二つ,カナ,？,1990-13-01,,,,,,,`,
			``,
			`1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,本社,総務部,,,,`,
			`1002,別人 太郎,ベツジン タロウ,男,1990-05-02,,,,,,,`,
			`2003,事業所 違い,ジギョウショ チガイ,女,1990-01-01,S01,本店,総務部,,,,`,
		)), false)
		b.must(err)
		v.Words(func(f *fault.Fault) string { return f.Code + "/" + f.Args["line"] })
		got, _ := json.Marshal(map[string]any{"rejected": v.Rejected, "unmatched": v.Unmatched})
		want := `{"rejected":[{"line":5,"errors":[{"column":"性別","reason":"org.sex/"},{"column":"生年月日","reason":"date.day/"}]},` +
			`{"line":7,"errors":[{"column":"社員番号","reason":"org.number_twice/2"}]},` +
			`{"line":9,"errors":[{"column":"事業所名","reason":"org.site_two_names/2"}]}],` +
			`"unmatched":[{"line":8,"reason":"org.number_of_another/"}]}`
		if string(got) != want || v.Rows != 6 || v.Accepted != 1 || v.Unchanged != 1 {
			t.Fatalf("got  %s\nwant %s\n%+v", got, want, v)
		}
		if v.State != Preview || b.dir(b.ours).Len() != 3 {
			t.Fatal("a preview changed something")
		}
	})
}

func TestHistoryIsKept(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		id := b.number(b.ours, "1002").ID
		b.load(b.hr, header(`1002,高橋 陽子,タカハシ ヨウコ,女,1990-05-02,S02,伏見工場,品質保証部,,,,2026-10-01`))
		p := b.number(b.ours, "1002")
		if p.ID != id || p.Email != "b@example.jp" || p.Hired.String() != "2013-04-01" {
			t.Fatalf("what the file leaves empty was not kept: %+v", p)
		}
		b.load(b.hr, header(`1002,高橋 陽子,タカハシ ヨウコ,女,1990-05-02,,,,,,2026-10-31,`))
		b.load(b.hr, header(`1002,高橋 陽子,タカハシ ヨウコ,女,1990-05-02,S01,,営業部,,2026/11/16,,2026/11/16`))
		events, err := b.s.History(t.Context(), b.hr, id)
		b.must(err)
		var got []string
		for _, e := range events {
			dept, _ := b.dir(b.ours).Dept(e.Dept)
			got = append(got, string(e.Kind)+" "+e.Day.String()+" "+dept.Name)
			if e.Account != b.hr.Account || e.Import == "" || e.At.IsZero() {
				t.Errorf("%+v", e)
			}
		}
		day := today().String()
		want := []string{"joined 2013-04-01 営業部", "renamed " + day + " 品質保証部", "moved 2026-10-01 品質保証部", "left 2026-10-31 品質保証部", "moved 2026-11-16 営業部", "returned 2026-11-16 営業部"}
		if !slices.Equal(sorted(got), sorted(want)) {
			t.Fatalf("%q", got)
		}
		if p := b.number(b.ours, "1002"); !p.Left.IsZero() {
			t.Fatalf("employed again, but %+v", p)
		}
		if b.number(b.ours, "1001").Left != (jst.Date{}) {
			t.Fatal("who is not in a file has not left")
		}
	})
}

func TestBadFilesFailWithTheirReason(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		before := b.state(b.ours)
		same := strings.Repeat("1001,a,ア,男,1980-01-01\n", 30_000)
		var many strings.Builder
		for i := range 70_000 - 1 {
			fmt.Fprintf(&many, "%d,a,ア,男,1980-01-01\n", 100_000+i)
		}
		for name, c := range map[string]struct{ content, code string }{
			"empty":           {"", "tabular.empty"},
			"binary":          {"\x7fELF\x00\x01\x02", "tabular.binary"},
			"header":          {"社員番号,氏名\n1,a\n", "org.header_missing"},
			"columns":         {"社員番号,氏名,カナ,性別,生年月日,社員番号\n", "org.header_duplicate"},
			"broken quote":    {header() + "\n" + many.String() + `9,"`, "tabular.quote"},
			"quote at end":    {roster + `1004,"broken`, "tabular.quote"},
			"all lines wrong": {header() + "\n" + same, "org.too_many_wrong"},
		} {
			id, err := b.s.StartImport(t.Context(), b.hr, name, strings.NewReader(c.content))
			b.must(err)
			b.drain()
			v, err := b.s.Import(t.Context(), b.hr, id)
			b.must(err)
			if v.State != Failed || v.Failure != c.code {
				t.Errorf("%s: %s %s", name, v.State, v.Failure)
			}
			if name == "broken quote" && v.FailureArgs["line"] != "70001" {
				t.Errorf("%s: %v", name, v.FailureArgs)
			}
			if err := b.s.Confirm(t.Context(), b.hr, id); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: a failed import was confirmed: %v", name, err)
			}
			b.must(b.s.Withdraw(t.Context(), b.hr, id))
		}
		if v, err := b.s.ImportNow(t.Context(), b.hr, "x", strings.NewReader("社員番号,氏名\n"), true); fault.Of(err) == nil || fault.Of(err).Code != "org.header_missing" || v.State != Failed {
			t.Errorf("%+v %v", v, err)
		}
		if got := b.state(b.ours); got != before {
			t.Fatal("a bad file changed something")
		}
		if left, _ := b.blobs.List(t.Context(), b.ours, ""); len(left) != 0 {
			t.Fatalf("files left: %v", left)
		}
	})
}

func TestUploadThatBreaksOffLeavesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		dropped := errors.New("connection dropped")
		if _, err := b.s.StartImport(t.Context(), b.hr, "x", io.MultiReader(strings.NewReader(roster[:100]), iotest.ErrReader(dropped))); !errors.Is(err, dropped) {
			t.Fatal(err)
		}
		endless := io.LimitReader(zeros{}, maxFile+1)
		if _, err := b.s.StartImport(t.Context(), b.hr, "x", endless); !fault.Is(err, fault.TooLarge) {
			t.Fatal(err)
		}
		list, err := b.s.Imports(t.Context(), b.hr, 10)
		b.must(err)
		for _, v := range list {
			if v.State != Withdrawn {
				t.Errorf("%+v", v)
			}
		}
		if left, _ := b.blobs.List(t.Context(), b.ours, ""); len(left) != 0 {
			t.Fatalf("files left: %v", left)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestConfirmAfterAChangeReadsAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		id, err := b.s.StartImport(t.Context(), b.hr, "a", strings.NewReader(roster))
		b.must(err)
		b.drain()
		b.load(b.hr, roster)
		if err := b.s.Confirm(t.Context(), b.hr, id); fault.Of(err).Code != "org.import_stale" {
			t.Fatal(err)
		}
		b.drain()
		if v, _ := b.s.Import(t.Context(), b.hr, id); v.State != Preview || v.Accepted != 0 || v.Unchanged != 3 {
			t.Fatalf("%+v", v)
		}
		// And between confirmation and publication.
		other, err := b.s.StartImport(t.Context(), b.hr, "b", strings.NewReader(header("2001,新 人,シン ジン,男,2000-01-01,,,,,,,")))
		b.must(err)
		b.drain()
		b.must(b.s.Confirm(t.Context(), b.hr, other))
		b.must(b.s.Leave(t.Context(), b.hr, b.number(b.ours, "1003").ID, jst.Date{Y: 2026, M: 3, D: 31}))
		b.drain()
		if v, _ := b.s.Import(t.Context(), b.hr, other); v.State != Preview || v.Accepted != 1 {
			t.Fatalf("%+v", v)
		}
		b.must(b.s.Confirm(t.Context(), b.hr, other))
		b.drain()
		if v, _ := b.s.Import(t.Context(), b.hr, other); v.State != Applied {
			t.Fatalf("%+v", v)
		}
	})
}

func TestRosterInCP932(t *testing.T) {
	b := newBed(t, testdb.New(t, db.SQLite))
	text, err := japanese.ShiftJIS.NewEncoder().String(strings.ReplaceAll(roster, "\n", "\r\n"))
	b.must(err)
	if v := b.load(b.hr, text); v.Applied != 3 {
		t.Fatalf("%+v", v)
	}
	if p := b.number(b.ours, "1003"); p.Name != "渡邊 誠" {
		t.Fatalf("%+v", p)
	}
}

func TestOnlyHRImports(t *testing.T) {
	b := newBed(t, testdb.New(t, db.SQLite))
	id, err := b.s.StartImport(t.Context(), b.hr, "a", strings.NewReader(roster))
	b.must(err)
	nurse := b.as(b.ours, "nurse", "physician", "manager", "tenantadmin", "employee")
	_, e1 := b.s.StartImport(t.Context(), nurse, "a", strings.NewReader(roster))
	_, e2 := b.s.Import(t.Context(), nurse, id)
	_, e3 := b.s.Imports(t.Context(), nurse, 1)
	_, e4 := b.s.ImportNow(t.Context(), nurse, "a", strings.NewReader(roster), true)
	e5, e6 := b.s.Confirm(t.Context(), nurse, id), b.s.Withdraw(t.Context(), nurse, id)
	for i, err := range []error{e1, e2, e3, e4, e5, e6} {
		if !fault.Is(err, fault.Denied) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := b.s.Withdraw(t.Context(), b.hr, ids.New[ids.Import]()); !fault.Is(err, fault.Missing) {
		t.Error(err)
	}
}
