package actor

import (
	"testing"

	"pgregory.net/rapid"

	"rakudos/internal/base/ids"
)

func TestReach(t *testing.T) {
	a, ax, x := Place{Site: "a"}, Place{"a", "x"}, Place{Dept: "x"}
	for name, c := range map[string]struct {
		r    Reach
		want string // of person p at a/x, a/y, b/x, b/y and nowhere
	}{
		"nothing":            {Reach{}, "-----"},
		"everything":         {Reach{All: true}, "+++++"},
		"a site":             {Reach{Places: []Place{a}}, "++---"},
		"a department":       {Reach{Places: []Place{x}}, "+-+--"},
		"both in one":        {Reach{Places: []Place{ax}}, "+----"},
		"two":                {Reach{Places: []Place{ax, {"b", "y"}}}, "+--+-"},
		"one person":         {Reach{Only: "p"}, "+++++"},
		"another person":     {Reach{Only: "q"}, "-----"},
		"a place of nothing": {Reach{Places: []Place{{}}}, "+++++"},
	} {
		got := ""
		for _, at := range []Place{{"a", "x"}, {"a", "y"}, {"b", "x"}, {"b", "y"}, {}} {
			got += map[bool]string{true: "+", false: "-"}[c.r.Covers("p", at.Site, at.Dept)]
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if (Reach{Only: ""}).Covers("", "a", "x") {
		t.Error("nobody is somebody")
	}
	if r := (Reach{Places: []Place{ax}}); !r.Touches("a") || r.Touches("b") || !r.TouchesDept("x") || r.TouchesDept("y") || !(Reach{Places: []Place{x}}).Touches("b") || !(Reach{Places: []Place{a}}).TouchesDept("y") || (Reach{}).Touches("") || !(Reach{All: true}).TouchesDept("y") {
		t.Error("the choices are wrong")
	}
}

// TestReachContains: one contains the other exactly when nobody is within the other's reach alone.
func TestReachContains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		site, dept := rapid.SampledFrom([]ids.Site{"", "a", "b"}), rapid.SampledFrom([]ids.Dept{"", "x", "y"})
		draw := func(name string) (r Reach) {
			r.All = rapid.IntRange(0, 5).Draw(t, name+" all") == 0
			for range rapid.IntRange(0, 3).Draw(t, name+" places") {
				r.Places = append(r.Places, Place{site.Draw(t, "site"), dept.Draw(t, "dept")})
			}
			return r
		}
		one, other := draw("one"), draw("other")
		if !one.Contains(other) {
			return // it may say no where two places together hold a third: the narrower answer
		}
		for _, s := range []ids.Site{"a", "b", "c", ""} {
			for _, d := range []ids.Dept{"x", "y", "z", ""} {
				if other.Covers("p", s, d) && !one.Covers("p", s, d) {
					t.Fatalf("%+v is said to contain %+v, but not %s/%s", one, other, s, d)
				}
			}
		}
	})
	all, some := Reach{All: true}, Reach{Places: []Place{{Site: "a"}}}
	if !all.Contains(some) || some.Contains(all) || !some.Contains(some) || !some.Contains(Reach{}) || some.Contains(Reach{Only: "p"}) || !(Reach{Only: "p"}).Contains(Reach{Only: "p"}) {
		t.Error("the simple cases are wrong")
	}
}
