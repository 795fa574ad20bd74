package web

import (
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"rakudos/internal/health/checkup"
)

// filled is the form as a browser sends it back untouched.
func filled(v *criteriaEditView) url.Values {
	f := url.Values{"name": {"当社基準"}, "source": {"産業医の意見"}, "one-of-two": {v.OneOfTwo}}
	for i, r := range v.Rules {
		n := "rule-" + strconv.Itoa(i) + "-"
		f.Set(n+"a", r.A)
		f.Set(n+"b", r.B)
		f.Set(n+"c", r.C)
		f.Set(n+"d", r.D)
	}
	for i, l := range v.Limits {
		f.Set("limit-"+strconv.Itoa(i)+"-guidance", l.Guidance)
		f.Set("limit-"+strconv.Itoa(i)+"-referral", l.Referral)
	}
	for _, g := range v.Grades {
		for k, c := range g.Cells {
			f.Set("grade-"+g.Key+"-"+strconv.Itoa(k), c.Letter)
		}
	}
	for _, x := range v.Found {
		f.Set("found-"+x.Key, x.Letter)
	}
	return f
}

func typedIn(base *checkup.Criteria, change func(url.Values)) (*criteriaEditView, checkup.Criteria, []FieldError) {
	v := newCriteriaEdit(base)
	f := filled(v)
	change(f)
	r := httptest.NewRequest("POST", "/criteria/draft", strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	v.read(r)
	c, rows, errs := v.criteria(base)
	return v, c, append(errs, v.flaws(&c, rows)...)
}

// Each version that ships comes through the form as it was.
func TestCriteriaFormKeepsEverything(t *testing.T) {
	for _, base := range checkup.BuiltIn {
		_, c, errs := typedIn(base, func(url.Values) {})
		if len(errs) > 0 || len(diffOf(base, &c)) > 0 || len(c.Rules) != len(base.Rules) || c.Base != base.ID {
			t.Errorf("%s: %+v %+v", base.ID, errs, diffOf(base, &c))
		}
	}
}

func ruleOf(base *checkup.Criteria, item string) string {
	for i, r := range base.Rules {
		if r.Item == item {
			return "rule-" + strconv.Itoa(i)
		}
	}
	return ""
}

func TestCriteriaFormChanges(t *testing.T) {
	base := checkup.NingenDock2016
	ldl, spare := ruleOf(base, "ldl"), "rule-"+strconv.Itoa(len(base.Rules))
	_, c, errs := typedIn(base, func(f url.Values) {
		f.Set(ldl+"-a", "60〜129")
		f.Set(ldl+"-b", "130〜139")
	})
	d := diffOf(base, &c)
	if len(errs) > 0 || len(d) != 1 || !strings.Contains(d[0].Before, "A 60〜119") || !strings.Contains(d[0].After, "A 60〜129") {
		t.Errorf("%+v %+v", errs, d)
	}
	// by sex: the row for everybody goes, two come.
	_, c, errs = typedIn(base, func(f url.Values) {
		f.Set(ldl+"-gone", "1")
		for i, sex := range []string{"male", "female"} {
			n := "rule-" + strconv.Itoa(len(base.Rules)+i)
			f.Set(n+"-item", "ldl")
			f.Set(n+"-sex", sex)
			f.Set(n+"-a", "119以下")
			f.Set(n+"-d", "120以上")
		}
	})
	if d := diffOf(base, &c); len(errs) > 0 || len(d) != 3 {
		t.Errorf("%+v %+v", errs, d)
	}
	for name, x := range map[string]struct {
		change func(url.Values)
		field  string
	}{
		"gap":    {func(f url.Values) { f.Set(ldl+"-a", "60〜118") }, ldl + "-a"},
		"words":  {func(f url.Values) { f.Set(ldl+"-a", "ふつう") }, ldl + "-a"},
		"name":   {func(f url.Values) { f.Set("name", "") }, "name"},
		"reason": {func(f url.Values) { f.Set("source", " ") }, "source"},
		"limit":  {func(f url.Values) { f.Set("limit-0-guidance", "x") }, "limit-0-guidance"},
		"twice": {func(f url.Values) {
			f.Set(spare+"-item", "ldl")
			f.Set(spare+"-a", "100以下")
			f.Set(spare+"-d", "101以上")
		}, spare + "-a"},
		"age":     {func(f url.Values) { f.Set(spare+"-item", "ldl"); f.Set(spare+"-from", "many") }, spare + "-from"},
		"no item": {func(f url.Values) { f.Set(spare+"-a", "100以下") }, spare + "-a"},
	} {
		v, _, errs := typedIn(base, x.change)
		if len(errs) == 0 || errs[0].Field != x.field || errs[0].Message == "" {
			t.Errorf("%s: %+v", name, errs)
		}
		if name == "words" && v.Rules[0].Item == "" {
			t.Error("what was typed is lost")
		}
	}
	if v, _, _ := typedIn(base, func(f url.Values) { f.Set(ldl+"-a", "ふつう") }); !strings.Contains(strings.Join(spansOf(v), " "), "ふつう") {
		t.Error("what was typed is lost")
	}
}

func spansOf(v *criteriaEditView) (out []string) {
	for _, r := range v.Rules {
		out = append(out, r.A)
	}
	return out
}
