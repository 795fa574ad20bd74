package web

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/health/checkup"
)

// criteriaEditView is the form on which a version is written. Everything typed stays in it.
type criteriaEditView struct {
	Page
	Base         string
	BaseName     string
	Name, Source string
	Rules        []ruleRow
	Limits       []limitEdit
	Grades       []gradeRow
	Found        []foundRow
	OneOfTwo     string
	Letters      []string
	Items        []choice // for rows that are added
	Sexes        []choice
	Diff         []criteriaDiff
	Impact       *checkup.Impact
	Ready        bool // looked at and without a flaw: may be submitted
}

// ruleRow is one row as it is typed; Added rows name their item and people themselves.
type ruleRow struct {
	Key, Item, Unit, Who, Sex, From, To string
	A, B, C, D                          string
	Added, Gone                         bool
}

// Empty tells a row that nobody has filled in.
func (r ruleRow) Empty() bool { return r.Added && r.Key+r.A+r.B+r.C+r.D == "" }

type limitEdit struct{ Key, Item, Unit, Who, Guidance, Referral, Side string }

type gradeRow struct {
	Key, Item string
	Cells     []gradeCell
}

type gradeCell struct{ Sign, Letter string }

type foundRow struct{ Key, Item, Letter string }

// criteriaDiff is one row that is another than in the base version.
type criteriaDiff struct{ Item, Who, Before, After string }

// Template names the file.
func (*criteriaEditView) Template() string { return "criteria_edit" }

// spareRows is how many rows may be added at a time.
const spareRows = 3

func newCriteriaEdit(base *checkup.Criteria) *criteriaEditView {
	v := &criteriaEditView{
		Page: Page{Title: "判定基準の案を書く", Here: "/criteria", Crumbs: []Crumb{{"/criteria", "判定基準"}}}, Base: base.ID, BaseName: base.Name,
		Letters: []string{"A", "B", "C", "D"}, Sexes: []choice{{Value: "", Name: "男女とも"}, {Value: "male", Name: "男"}, {Value: "female", Name: "女"}}, OneOfTwo: string(base.OneOfTwo),
	}
	for _, r := range base.Rules {
		name, unit := itemWords(r.Item)
		row := ruleRow{Key: r.Item, Item: name, Unit: unit, Who: whoWords(r.Sex, r.AgeFrom, r.AgeTo)}
		for _, b := range strings.Split(r.Bands, "|") {
			letter, span, _ := strings.Cut(strings.TrimSpace(b), " ")
			at := row.span(letter)
			if *at != "" {
				*at += "、"
			}
			*at += spanWords(strings.TrimSpace(span))
		}
		v.Rules = append(v.Rules, row)
	}
	for range spareRows {
		v.Rules = append(v.Rules, ruleRow{Added: true})
	}
	for _, t := range base.Thresholds {
		name, unit := itemWords(t.Item)
		v.Limits = append(v.Limits, limitEdit{t.Item, name, unit, whoWords(t.Sex, 0, 0), t.Guidance, t.Referral, map[bool]string{true: "以下", false: "以上"}[t.Low]})
	}
	for _, key := range slices.Sorted(maps.Keys(base.Grades)) {
		name, _ := itemWords(key)
		g := gradeRow{Key: key, Item: name}
		for i, l := range strings.Split(base.Grades[key], "") {
			g.Cells = append(g.Cells, gradeCell{gradeSigns[min(i, len(gradeSigns)-1)], l})
		}
		v.Grades = append(v.Grades, g)
	}
	for _, key := range slices.Sorted(maps.Keys(base.Found)) {
		name, _ := itemWords(key)
		v.Found = append(v.Found, foundRow{key, name, string(base.Found[key])})
	}
	for _, it := range checkup.Items() {
		if it.Kind == checkup.Numeric || it.Kind == checkup.Joint {
			v.Items = append(v.Items, choice{Value: it.Key, Name: it.Name})
		}
	}
	return v
}

func (r *ruleRow) span(letter string) *string {
	switch letter {
	case "A":
		return &r.A
	case "B":
		return &r.B
	case "C":
		return &r.C
	}
	return &r.D
}

// read takes what was typed over into the view.
func (v *criteriaEditView) read(r *http.Request) {
	form := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	v.Name, v.Source = form("name"), form("source")
	for i := range v.Rules {
		row, n := &v.Rules[i], strconv.Itoa(i)
		for _, l := range v.Letters {
			*row.span(l) = form("rule-" + n + "-" + strings.ToLower(l))
		}
		row.Gone = form("rule-"+n+"-gone") != ""
		if row.Added {
			row.Key, row.Sex, row.From, row.To = form("rule-"+n+"-item"), form("rule-"+n+"-sex"), form("rule-"+n+"-from"), form("rule-"+n+"-to")
		}
	}
	for i := range v.Limits {
		n := strconv.Itoa(i)
		v.Limits[i].Guidance, v.Limits[i].Referral = form("limit-"+n+"-guidance"), form("limit-"+n+"-referral")
	}
	for i := range v.Grades {
		for k := range v.Grades[i].Cells {
			v.Grades[i].Cells[k].Letter = form("grade-" + v.Grades[i].Key + "-" + strconv.Itoa(k))
		}
	}
	for i := range v.Found {
		v.Found[i].Letter = form("found-" + v.Found[i].Key)
	}
	v.OneOfTwo = form("one-of-two")
}

// criteria builds the version that was typed; rows[i] is the row of the form behind its rule i.
func (v *criteriaEditView) criteria(base *checkup.Criteria) (c checkup.Criteria, rows []int, errs []FieldError) {
	c = checkup.Criteria{Name: v.Name, Source: v.Source, Base: base.ID, OneOfTwo: checkup.Letter(v.OneOfTwo), Grades: map[string]string{}, Found: map[string]checkup.Letter{}}
	if v.Name == "" {
		errs = append(errs, FieldError{"name", "版の名前を書いてください。"})
	}
	if v.Source == "" {
		errs = append(errs, FieldError{"source", "変える理由とよりどころを書いてください。"})
	}
	for i, row := range v.Rules {
		if row.Gone || row.Empty() {
			continue
		}
		rule := checkup.Rule{Item: row.Key}
		if row.Added {
			var bad bool
			if rule.Sex, rule.AgeFrom, rule.AgeTo, bad = row.people(); bad {
				errs = append(errs, FieldError{"rule-" + strconv.Itoa(i) + "-from", "年齢は0から120までの整数で書いてください。"})
				continue
			}
		} else {
			rule.Sex, rule.AgeFrom, rule.AgeTo = base.Rules[i].Sex, base.Rules[i].AgeFrom, base.Rules[i].AgeTo
		}
		var spans []string
		for _, l := range v.Letters {
			spans = append(spans, checkup.SpanText(l, *row.span(l))...)
		}
		rule.Bands = strings.Join(spans, " | ")
		c.Rules, rows = append(c.Rules, rule), append(rows, i)
	}
	for i, l := range v.Limits {
		t := base.Thresholds[i]
		t.Guidance, t.Referral = l.Guidance, l.Referral
		c.Thresholds = append(c.Thresholds, t)
	}
	for _, g := range v.Grades {
		for _, cell := range g.Cells {
			c.Grades[g.Key] += cell.Letter
		}
	}
	for _, f := range v.Found {
		c.Found[f.Key] = checkup.Letter(f.Letter)
	}
	return c, rows, errs
}

func (r ruleRow) people() (sex checkup.Sex, from, to int, bad bool) {
	switch r.Sex {
	case "male":
		sex = checkup.Male
	case "female":
		sex = checkup.Female
	}
	for _, x := range []struct {
		text string
		to   *int
	}{{r.From, &from}, {r.To, &to}} {
		if x.text == "" {
			continue
		}
		n, err := strconv.Atoi(x.text)
		if err != nil || n < 0 || n > 120 {
			return sex, 0, 0, true
		}
		*x.to = n
	}
	return sex, from, to, false
}

// flaws puts what is wrong beside its row.
func (v *criteriaEditView) flaws(c *checkup.Criteria, rows []int) (errs []FieldError) {
	for _, f := range c.Sound() {
		field := ""
		switch f.Table {
		case "rule":
			field = "rule-" + strconv.Itoa(rows[f.Row]) + "-a"
		case "limit":
			field = "limit-" + strconv.Itoa(f.Row) + "-guidance"
		}
		errs = append(errs, FieldError{field, message(f.Err)})
	}
	return errs
}

func (s *server) criteriaNew(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	base, err := s.criteriaBase(r, v, r.URL.Query().Get("base"))
	if err != nil {
		return err
	}
	return s.page(w, r, v, newCriteriaEdit(base))
}

// criteriaBase is the version to begin with: the one asked for, or the one in use.
func (s *server) criteriaBase(r *http.Request, v *Visitor, id string) (*checkup.Criteria, error) {
	if id != "" {
		base, err := s.Checkup.CriteriaVersion(r.Context(), v.Actor, id)
		return base.Criteria, err
	}
	all, err := s.Checkup.CriteriaVersions(r.Context(), v.Actor)
	for _, x := range all {
		if x.State == "active" {
			return x.Criteria, err
		}
	}
	return checkup.NingenDock2016, err
}

// criteriaDraft shows what the version would change, or keeps it as a draft.
func (s *server) criteriaDraft(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	base, err := s.criteriaBase(r, v, r.PostFormValue("base"))
	if err != nil {
		return err
	}
	view := newCriteriaEdit(base)
	view.read(r)
	c, rows, errs := view.criteria(base)
	errs = append(errs, view.flaws(&c, rows)...)
	if len(errs) == 0 {
		view.Diff = diffOf(base, &c)
		if len(view.Diff) == 0 {
			errs = append(errs, FieldError{"", "もとの版から何も変わっていません。変える行を直してください。"})
		}
	}
	if len(errs) == 0 && r.PostFormValue("act") == "submit" {
		_, err := s.Checkup.DraftCriteria(r.Context(), v.Actor, c)
		if err == nil {
			return goTo(w, r, "/criteria?done=drafted")
		}
		if !fault.Is(err, fault.Invalid) || wantsJSON(r) {
			return err
		}
		errs = append(errs, FieldError{"", message(err)})
	}
	if len(errs) > 0 {
		view.Errors = errs
		return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
	}
	if view.Impact, err = s.Checkup.TryCriteria(r.Context(), v.Actor, c); err != nil {
		return err
	}
	view.Ready = true
	return s.page(w, r, v, view)
}

// diffOf holds two versions against each other, row by row in words.
func diffOf(base, c *checkup.Criteria) []criteriaDiff {
	type key struct{ item, who string }
	var order []key
	text := [2]map[key]string{{}, {}}
	for i, x := range []*checkup.Criteria{base, c} {
		put := func(k key, s string) {
			if _, ok := text[0][k]; !ok {
				if _, ok := text[1][k]; !ok {
					order = append(order, k)
				}
			}
			text[i][k] = s
		}
		for _, r := range criteriaRows(x) {
			put(key{r.Item, r.Who}, classWords(r))
		}
		for _, l := range limitRows(x) {
			put(key{l.Item + "（特定健診）", l.Who}, "保健指導 "+l.Guidance+"、受診勧奨 "+l.Referral)
		}
		put(key{"血糖の2項目の一方だけがDのとき", ""}, string(x.OneOfTwo))
	}
	var out []criteriaDiff
	for _, k := range order {
		before, after := text[0][k], text[1][k]
		if before != after {
			out = append(out, criteriaDiff{k.item, k.who, before, after})
		}
	}
	return out
}

func classWords(r criteriaRow) string {
	var parts []string
	for _, x := range [][2]string{{"A", r.A}, {"B", r.B}, {"C", r.C}, {"D", r.D}} {
		if x[1] != "" {
			parts = append(parts, x[0]+" "+x[1])
		}
	}
	return strings.Join(parts, "／")
}
