package org

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

// truth is the simplest possible account of what a roster does to one person.
type truth struct {
	name, kana, sex, birth, site, dept, mail, left string
}

// line is one line of a random roster, in clear text.
type modelLine struct {
	number string
	truth
}

func (l modelLine) csv() string {
	return strings.Join([]string{l.number, l.name, l.kana, l.sex, l.birth, l.site, l.site, l.dept, l.mail, "", l.left, ""}, ",")
}

// take applies a line to the model and says what should become of it.
func take(model map[string]truth, seen map[string]bool, l modelLine) outcome {
	if seen[l.number] {
		return rejected
	}
	seen[l.number] = true
	old, known := model[l.number]
	if known {
		differ := 0
		for _, d := range []bool{old.kana != l.kana, old.sex != l.sex, old.birth != l.birth} {
			if d {
				differ++
			}
		}
		if differ > 1 {
			return unmatched
		}
	}
	now := l.truth
	keep := func(v *string, before string) {
		if *v == "" {
			*v = before
		}
	}
	keep(&now.site, old.site)
	keep(&now.dept, old.dept)
	keep(&now.mail, old.mail)
	keep(&now.left, old.left)
	if known && now == old {
		return unchanged
	}
	model[l.number] = now
	return accepted
}

func drawLine(r *rapid.T) modelLine {
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(r, label) }
	return modelLine{
		number: fmt.Sprint(rapid.IntRange(1, 6).Draw(r, "number")),
		truth: truth{
			name: pick("name", "佐藤 翔太", "鈴木 陽子"), kana: pick("kana", "サトウ ショウタ", "スズキ ヨウコ"), sex: pick("sex", "男", "女"),
			birth: pick("birth", "1980-04-01", "1990-05-02"), site: pick("site", "", "S1", "S2"), dept: pick("dept", "", "総務部", "営業部"),
			mail: pick("mail", "", "a@example.jp"), left: pick("left", "", "2026-03-31"),
		},
	}
}

// TestRostersDoWhatTheModelSays: any sequence of rosters leaves exactly what the model says, counts its
// lines as the model does, and changes nothing when it is sent again.
func TestRostersDoWhatTheModelSays(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr2, roster)
		neighbour := b.facts(b.neighbour)
		rapid.Check(t, func(r *rapid.T) {
			tenant := ids.New[ids.Tenant]()
			b.must(b.vault.CreateTenant(t.Context(), tenant))
			hr := b.as(tenant, "hr")
			model := map[string]truth{}
			for range rapid.IntRange(1, 3).Draw(r, "files") {
				lines := rapid.SliceOfN(rapid.Custom(drawLine), 1, 8).Draw(r, "lines")
				want, seen := map[outcome]int{}, map[string]bool{}
				var csv []string
				for _, l := range lines {
					csv = append(csv, l.csv())
					want[take(model, seen, l)]++
				}
				v := b.load(hr, header(csv...))
				if v.Rows != len(lines) || v.Accepted != want[accepted] || v.Applied != want[accepted] || v.Unchanged != want[unchanged] || len(v.Rejected) != want[rejected] || len(v.Unmatched) != want[unmatched] {
					r.Fatalf("%+v, want %v", v, want)
				}
				compare(r, b.dir(tenant), model)
				if again := b.load(hr, header(csv...)); again.Applied != 0 || again.Unchanged != want[accepted]+want[unchanged] {
					r.Fatalf("sent again: %+v", again)
				}
			}
		})
		if b.facts(b.neighbour) != neighbour {
			t.Fatal("the neighbour changed")
		}
	})
}

func compare(r *rapid.T, d *Directory, model map[string]truth) {
	if d.Len() != len(model) {
		r.Fatalf("%d people, the model has %d", d.Len(), len(model))
	}
	for p := range d.All() {
		site, _ := d.Site(p.Site)
		dept, _ := d.Dept(p.Dept)
		got := truth{p.Name, p.Kana, p.Sex.String(), p.Birth.String(), site.Code, dept.Name, p.Email, p.Left.String()}
		if got != model[p.Number] {
			r.Fatalf("%s: %+v, the model has %+v", p.Number, got, model[p.Number])
		}
	}
}

// book makes a directory in memory that holds the given sites.
func book(sites ...Site) siteBook {
	n := 0
	return newSiteBook(&Directory{sites: sites}, func(kind, key string) string { n++; return fmt.Sprintf("%s%d", kind, n) })
}

func TestSiteBook(t *testing.T) {
	old := []Site{{"a", "S01", "本社"}, {"b", "", "倉庫"}}
	for name, c := range map[string]struct {
		rows  []row
		ids   []ids.Site
		wrong []int
		fresh []Site
	}{
		"nothing said":               {[]row{{line: 2}}, []ids.Site{""}, []int{0}, nil},
		"known by code":              {[]row{{line: 2, siteCode: "ｓ０１"}}, []ids.Site{"a"}, []int{0}, nil},
		"known by code and name":     {[]row{{line: 2, siteCode: "S01", siteName: "本社"}}, []ids.Site{"a"}, []int{0}, nil},
		"known by name":              {[]row{{line: 2, siteName: " 本社 "}}, []ids.Site{"a"}, []int{0}, nil},
		"renamed":                    {[]row{{line: 2, siteCode: "S01", siteName: "京都本社"}}, []ids.Site{"a"}, []int{0}, []Site{{"a", "S01", "京都本社"}}},
		"renamed twice":              {[]row{{line: 2, siteCode: "S01", siteName: "京都本社"}, {line: 3, siteCode: "S01", siteName: "本社"}}, []ids.Site{"a", ""}, []int{0, 2}, []Site{{"a", "S01", "京都本社"}}},
		"the old name stands first":  {[]row{{line: 2, siteCode: "S01", siteName: "本社"}, {line: 3, siteCode: "S01", siteName: "京都本社"}}, []ids.Site{"a", ""}, []int{0, 2}, nil},
		"new":                        {[]row{{line: 2, siteCode: "S02", siteName: "工場"}, {line: 3, siteCode: "S02", siteName: "工場"}}, []ids.Site{"site1", "site1"}, []int{0, 0}, []Site{{"site1", "S02", "工場"}}},
		"new, code alone":            {[]row{{line: 2, siteCode: "S02"}, {line: 3, siteCode: "S02", siteName: "工場"}}, []ids.Site{"site1", "site1"}, []int{0, 0}, []Site{{"site1", "S02", "工場"}}},
		"new, name alone":            {[]row{{line: 2, siteName: "工場"}, {line: 3, siteName: "工場"}}, []ids.Site{"site1", "site1"}, []int{0, 0}, []Site{{"site1", "", "工場"}}},
		"a known name gets its code": {[]row{{line: 2, siteCode: "S09", siteName: "倉庫"}, {line: 3, siteName: "倉庫"}}, []ids.Site{"b", "b"}, []int{0, 0}, []Site{{"b", "S09", "倉庫"}}},
		"another code, same name":    {[]row{{line: 2, siteCode: "S02", siteName: "本社"}}, []ids.Site{"site1"}, []int{0}, []Site{{"site1", "S02", "本社"}}},
	} {
		b := book(slices.Clone(old)...)
		for i, r := range c.rows {
			id, wrong := b.find(&r)
			if id != c.ids[i] || wrong != c.wrong[i] {
				t.Errorf("%s: row %d: %q %d", name, i, id, wrong)
			}
		}
		var fresh []Site
		for _, s := range b.fresh() {
			fresh = append(fresh, s.Site)
		}
		if !slices.Equal(fresh, c.fresh) {
			t.Errorf("%s: fresh %+v", name, fresh)
		}
	}
}

func TestStranger(t *testing.T) {
	p := Person{Kana: "サトウ ショウタ", Birth: jst.Date{Y: 1980, M: 4, D: 1}, Sex: Male}
	for name, c := range map[string]struct {
		r    row
		same bool
	}{
		"the same":                   {row{kana: "ｻﾄｳ　ｼｮｳﾀ", birth: p.Birth, sex: Male}, true},
		"married":                    {row{kana: "スズキ ショウタ", birth: p.Birth, sex: Male}, true},
		"birth date corrected":       {row{kana: p.Kana, birth: jst.Date{Y: 1980, M: 4, D: 2}, sex: Male}, true},
		"sex corrected":              {row{kana: p.Kana, birth: p.Birth, sex: Female}, true},
		"another name and birthday":  {row{kana: "スズキ ヨウコ", birth: jst.Date{Y: 1990, M: 5, D: 2}, sex: Male}, false},
		"another name and sex":       {row{kana: "スズキ ヨウコ", birth: p.Birth, sex: Female}, false},
		"everything but the number":  {row{kana: "スズキ ヨウコ", birth: jst.Date{Y: 1990, M: 5, D: 2}, sex: Female}, false},
		"another birthday and sex":   {row{kana: p.Kana, birth: jst.Date{Y: 1990, M: 5, D: 2}, sex: Female}, false},
		"long mark and small letter": {row{kana: "サトウ シヨウター", birth: p.Birth, sex: Male}, true},
	} {
		if got := stranger(p, &c.r) == ""; got != c.same {
			t.Errorf("%s: %v", name, got)
		}
	}
}
