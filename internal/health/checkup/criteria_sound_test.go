package checkup

import (
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/testkit/testdb"
)

func TestBuiltInVersionsAreSound(t *testing.T) {
	for _, c := range BuiltIn {
		if flaws := c.Sound(); len(flaws) > 0 {
			t.Errorf("%s: %+v %v", c.ID, flaws[0], flaws[0].Err)
		}
	}
}

func TestFlawsAreNamed(t *testing.T) {
	ldl := func(bands string) func(*Criteria) {
		return func(c *Criteria) { c.Rules = []Rule{{Item: "ldl", Bands: bands}} }
	}
	for name, x := range map[string]struct {
		spoil func(*Criteria)
		code  string
		row   int
	}{
		"sound":         {ldl("A ..119 | B 120..139 | C 140.."), "", 0},
		"gap":           {ldl("A ..119 | B 121.."), "checkup.criteria_gap", 0},
		"overlap":       {ldl("A ..119 | B 119.."), "checkup.criteria_overlap", 0},
		"two open ends": {ldl("A ..119 | B 120.. | C 140.."), "checkup.criteria_overlap", 0},
		"nothing below": {ldl("A 60..119 | B 120.."), "checkup.criteria_below", 0},
		"nothing above": {ldl("A ..119 | B 120..139"), "checkup.criteria_above", 0},
		"no class":      {ldl(""), "checkup.criteria_above", 0},
		"turned round":  {ldl("A ..119 | B 139..120 | C 140.."), "checkup.criteria_span", 0},
		"order":         {ldl("A ..119 | C 120..139 | B 140.."), "checkup.criteria_order", 0},
		"no A":          {ldl("B ..119 | C 120.."), "checkup.criteria_order", 0},
		"A twice":       {ldl("A ..59 | B 60..99 | A 100..119 | C 120.."), "checkup.criteria_order", 0},
		"no number":     {ldl("A ..many | B 120.."), "checkup.criteria_number", 0},
		"decimals":      {ldl("A ..119.5 | B 119.6.."), "checkup.criteria_number", 0},
		"E":             {ldl("A ..119 | E 120.."), "checkup.criteria_number", 0},
		"unknown item":  {func(c *Criteria) { c.Rules = []Rule{{Item: "x", Bands: "A .."}} }, "checkup.criteria_item", 0},
		"only men":      {func(c *Criteria) { c.Rules = []Rule{{Item: "ldl", Sex: Male, Bands: "A .."}} }, "checkup.criteria_nobody", 0},
		"men twice": {func(c *Criteria) {
			c.Rules = []Rule{{Item: "ldl", Bands: "A .."}, {Item: "ldl", Sex: Male, Bands: "A .."}}
		}, "checkup.criteria_twice", 1},
		"a hole of ages": {func(c *Criteria) {
			c.Rules = []Rule{{Item: "ldl", AgeTo: 39, Bands: "A .."}, {Item: "ldl", AgeFrom: 41, Bands: "A .."}}
		}, "checkup.criteria_nobody", 1},
		"ages turned": {func(c *Criteria) { c.Rules = []Rule{{Item: "ldl", AgeFrom: 50, AgeTo: 40, Bands: "A .."}} }, "checkup.criteria_age", 0},
		"limit order": {func(c *Criteria) { c.Thresholds = []Threshold{{Item: "ldl", Guidance: "140", Referral: "120"}} }, "checkup.criteria_limits", 0},
		"low limit order": {func(c *Criteria) {
			c.Thresholds = []Threshold{{Item: "hdl", Low: true, Guidance: "34", Referral: "39"}}
		}, "checkup.criteria_limits", 0},
		"limits alike":     {func(c *Criteria) { c.Thresholds = []Threshold{{Item: "ldl", Guidance: "120", Referral: "120"}} }, "checkup.criteria_limits", 0},
		"limit no number":  {func(c *Criteria) { c.Thresholds = []Threshold{{Item: "ldl", Guidance: "x"}} }, "checkup.criteria_number", 0},
		"limit of nothing": {func(c *Criteria) { c.Thresholds = []Threshold{{Item: "x"}} }, "checkup.criteria_item", 0},
		"grades":           {func(c *Criteria) { c.Grades = map[string]string{"urine_sugar": "ABC"} }, "checkup.criteria_bad", -1},
	} {
		c := *NingenDock2016
		x.spoil(&c)
		flaws := c.Sound()
		if x.code == "" {
			if len(flaws) != 0 {
				t.Errorf("%s: %v", name, flaws[0].Err)
			}
			continue
		}
		if !slices.ContainsFunc(flaws, func(f Flaw) bool { return f.Err.Code == x.code && f.Row == x.row }) {
			t.Errorf("%s: %+v", name, flaws)
		}
	}
}

// What people type for a class, in any width.
func TestSpanText(t *testing.T) {
	for typed, want := range map[string]string{
		"129以下": "B ..129", "130〜139": "B 130..139", "１３０～１３９": "B 130..139", "160以上": "B 160..", "40〜44、86〜100": "B 40..44 | B 86..100",
		"": "", "5": "B 5..5", " 7.1 以上 ": "B 7.1..", "x": "B x..x", "..39, 101..": "B ..39 | B 101..",
	} {
		if got := strings.Join(SpanText("B", typed), " | "); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

// A version that is only tried counts whose judgement would change, names nobody and changes nothing.
func TestTryCriteria(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr2, fileA(lineA("1", "氏名", "他社 太郎", "カナ氏名", "タシャ タロウ", "性別", "男", "生年月日", "1970-01-01", "健診日", "2026-05-12", "中性脂肪", "250")))
		b.apply(b.hr, fileA(of("1", "健診日", "2026-05-12", "中性脂肪", "250"), of("2", "健診日", "2026-05-12", "中性脂肪", "90")))
		before := b.world(b.doctor)
		own := *NingenDock2016
		own.Name = "当社基準"
		own.Rules = replaced(own.Rules, nil, Rule{Item: "triglycerides", Bands: "A ..299 | C 300.."})
		i, err := b.s.TryCriteria(t.Context(), b.nurse, own)
		b.must(err)
		if i.People != 2 || i.Change != 1 || len(i.Moves) != 1 || i.Moves[0].N != 1 || i.Moves[0].From != C {
			t.Errorf("%+v", i)
		}
		if ev, ok := b.log.last("criteria.try"); !ok || len(ev.Subjects) != 0 {
			t.Errorf("%+v", ev)
		}
		if i, err = b.s.TryCriteria(t.Context(), b.nurse, *NingenDock2016); err != nil || i.Change != 0 {
			t.Errorf("the version in force changes %+v, %v", i, err)
		}
		if b.world(b.doctor) != before {
			t.Error("trying changed something")
		}
		own.Rules[0].Bands = "A ..1"
		if _, err = b.s.TryCriteria(t.Context(), b.nurse, own); !fault.Is(err, fault.Invalid) {
			t.Errorf("a version with a flaw is tried: %v", err)
		}
		if _, err = b.s.CriteriaVersion(t.Context(), b.nurse, "none"); !fault.Is(err, fault.Missing) {
			t.Error(err)
		}
	})
}
