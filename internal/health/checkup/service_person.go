package checkup

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
)

var (
	qPerson = db.Q("checkup.person", `select r.id, r.exam_day, r.year, r.batch_id, b.applied_seq, r.sealed
		from checkup_result r join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		where r.tenant_id = $1 and r.person_id = $2 and b.state = 'applied'`)
	qJudgements = db.Q("checkup.judgements", `select seq, criteria_id, judged_by, judged_at, sealed from checkup_judgement
		where tenant_id = $1 and result_id = $2 order by seq desc`)
)

// result is one visible result, opened.
type result struct {
	id        ids.Result
	day       jst.Date
	year      int
	batch     ids.Import
	applied   int64
	sealed    []byte
	body      string
	values    []ItemValue
	history   []judged // newest first
	judgement *Judgement
	criteria  *Criteria
}

type judged struct {
	seq      int
	criteria string
	by       ids.Account
	at       time.Time
	sealed   []byte
}

// results opens a person's visible results, the newest first; of a day only the newest batch counts.
func (s *Service) results(ctx context.Context, t ids.Tenant, p ids.Person) ([]*result, *vault.Key, error) {
	keys, err := s.vault.Persons(ctx, t, []ids.Person{p})
	if err != nil {
		return nil, nil, err
	}
	k := keys[p]
	if k == nil {
		return nil, nil, missing("checkup.person_missing")
	}
	var all []*result
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		all, err = db.All(tx, qPerson, func(sc db.Scanner) (*result, error) {
			r := &result{}
			var day string
			if err := sc.Scan(&r.id, &day, &r.year, &r.batch, &r.applied, &r.sealed); err != nil {
				return nil, err
			}
			var err error
			r.day, err = jst.ParseDate(day)
			return r, err
		}, t, p)
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(x, y *result) int { return cmp.Or(y.day.Compare(x.day), cmp.Compare(y.applied, x.applied)) })
		all = slices.CompactFunc(all, func(x, y *result) bool { return x.day == y.day })
		for _, r := range all {
			if r.history, err = db.All(tx, qJudgements, scanJudged, t, r.id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for _, r := range all {
		if err := s.openResult(ctx, t, r, k); err != nil {
			return nil, nil, err
		}
	}
	return all, k, nil
}

func scanJudged(sc db.Scanner) (judged, error) {
	var j judged
	var at int64
	err := sc.Scan(&j.seq, &j.criteria, &j.by, &at, &j.sealed)
	j.at = db.Time(at)
	return j, err
}

func (s *Service) openResult(ctx context.Context, t ids.Tenant, r *result, k *vault.Key) error {
	plain, err := k.Open(locResult(r.id), r.sealed)
	if err != nil {
		return err
	}
	if r.body, r.values, err = decodeValues(plain); err != nil {
		return err
	}
	if len(r.history) == 0 {
		return nil
	}
	j := r.history[0]
	if plain, err = k.Open(locJudgement(r.id, j.seq, "sealed"), j.sealed); err != nil {
		return err
	}
	if r.judgement, err = decodeJudgement(plain); err != nil {
		return err
	}
	r.judgement.Criteria = j.criteria
	r.criteria, err = s.criteriaOf(ctx, t, j.criteria)
	return err
}

// PersonView is every year of one person side by side, as far as the reader may see it.
type PersonView struct {
	Person                    ids.Person
	Number, Name, Kana        string
	Sex                       Sex
	Birth                     jst.Date
	Age                       int
	Site, Dept                string
	Left                      jst.Date
	ShowValues, ShowJudgement bool
	ShowOpinion, ShowOptional bool
	Consent                   bool // the person lets items beyond the law be shown
	CanDecide                 bool
	Exams                     []Exam // newest first
	Groups                    []ItemGroup
	Opinions                  []*Opinion // newest first, all versions
	Advice                    []Advice   // the person's own page only
	Summary                   string     // likewise: the newest result in one sentence
}

// Exam is one column of the table.
type Exam struct {
	Result            ids.Result
	Import            ids.Import
	Year              int
	Day               jst.Date
	Body              string
	Judgement         Letter
	Action            Action
	Metabolic         Metabolic
	MedicationUnknown bool
	Criteria          string // name of the version
	JudgedAt          time.Time
	Judgements        int // how often it was judged
	Fitness           Fitness
	Deadline          jst.Date
	DaysLeft          int
}

// ItemGroup is a part of the table with a heading.
type ItemGroup struct {
	Name  string
	Items []ItemLine
}

// ItemLine is one item over all exams.
type ItemLine struct {
	Key, Name, Unit string
	Decimals        int
	Statutory       bool
	Numeric         bool
	Ref             string   // span of class A in words
	RefLow, RefHigh *float64 // its ends, nil when open
	Cells           []Cell   // as PersonView.Exams
}

// Cell is one value.
type Cell struct {
	Text      string
	Original  string // the file's text where it says more
	Num       *float64
	Letter    Letter
	Action    Action
	Out       bool   // beyond class A
	Direction string // "high", "low" or ""
	Derived   bool
	Treated   bool
	Reason    string
	Missing   bool // not in that exam
}

// Person shows one person to whoever may see something of them.
func (s *Service) Person(ctx context.Context, a actor.Actor, p ids.Person) (*PersonView, error) {
	if err := s.require(ctx, a, access.PersonRead, "checkup.view"); err != nil {
		return nil, err
	}
	return s.view(ctx, a, p)
}

// Mine is the reader's own page.
func (s *Service) Mine(ctx context.Context, a actor.Actor) (*PersonView, error) {
	if err := s.require(ctx, a, access.PersonReadSelf, "checkup.view"); err != nil {
		return nil, err
	}
	if a.Person == "" {
		return nil, missing("checkup.person_missing")
	}
	return s.view(ctx, a, a.Person)
}

func (s *Service) view(ctx context.Context, a actor.Actor, id ids.Person) (*PersonView, error) {
	dir, err := s.people.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	p, ok := dir.Person(id)
	at := access.Subject{Tenant: a.Tenant, Person: id, Site: p.Site, Dept: p.Dept}
	if !ok || !access.InScope(a, at) {
		return nil, missing("checkup.person_missing")
	}
	e, err := s.eye(ctx, a)
	if err != nil {
		return nil, err
	}
	own := a.Person == id
	v := &PersonView{
		Person: id, Number: p.Number, Name: p.Name, Kana: p.Kana, Sex: toSex(p.Sex), Birth: p.Birth, Age: jst.AgeOn(p.Birth, e.today), Left: p.Left,
		ShowValues:    access.See(a, access.StatutoryValues, at, e.rule) == access.Raw,
		ShowJudgement: access.See(a, access.Judgement, at, e.rule) == access.Raw,
		ShowOpinion:   access.See(a, access.Opinion, at, e.rule) == access.Raw,
		CanDecide:     access.Allows(a, access.CheckupDecide),
	}
	site, _ := dir.Site(p.Site)
	dept, _ := dir.Dept(p.Dept)
	v.Site, v.Dept = site.Name, dept.Name
	if v.Consent, err = s.consents(ctx, a.Tenant, id, ConsentOptional); err != nil {
		return nil, err
	}
	switch access.See(a, access.OtherValues, at, e.rule) {
	case access.Raw:
		v.ShowOptional = true
	case access.Consent:
		v.ShowOptional = v.Consent
	}
	all, k, err := s.results(ctx, a.Tenant, id)
	if err != nil {
		return nil, err
	}
	if err := s.opinionsOf(ctx, a.Tenant, v, k); err != nil {
		return nil, err
	}
	for _, r := range all {
		v.Exams = append(v.Exams, v.exam(r, e.today))
	}
	if v.ShowValues {
		c, err := s.activeCriteria(ctx, a.Tenant)
		if err != nil {
			return nil, err
		}
		v.table(all, c, subject(p, e.today))
	}
	if own && len(all) > 0 && all[0].judgement != nil {
		v.Advice, v.Summary = AdviceFor(all[0].judgement), Sentence(all[0].judgement)
	}
	if !v.ShowOpinion {
		v.Opinions = nil
	}
	return v, s.record(ctx, a, "checkup.view", v.kind(), []ids.Person{id}, map[string]any{"exams": len(v.Exams)})
}

// kind is what the log says was read.
func (v *PersonView) kind() string {
	switch {
	case v.ShowValues:
		return "checkup.values"
	case v.ShowJudgement:
		return "checkup.judgement"
	}
	return "checkup.taken"
}

func (s *Service) opinionsOf(ctx context.Context, t ids.Tenant, v *PersonView, k *vault.Key) error {
	var sealed []sealedOpinion
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		sealed, err = db.All(tx, qOpinionsPerson, scanOpinion, t, v.Person)
		return err
	})
	for i := range sealed {
		o, err := sealed[i].open(k)
		if err != nil {
			return err
		}
		v.Opinions = append(v.Opinions, o)
	}
	return err
}

func (v *PersonView) exam(r *result, today jst.Date) Exam {
	x := Exam{Result: r.id, Import: r.batch, Year: r.year, Day: r.day, Body: r.body, Judgements: len(r.history)}
	if v.ShowJudgement && r.judgement != nil {
		j := r.judgement
		x.Judgement, x.Action, x.Metabolic, x.MedicationUnknown = j.Overall, j.Action, j.Metabolic, j.MedicationUnknown
		x.Criteria, x.JudgedAt = r.criteria.Name, r.history[0].at
	}
	if v.ShowOpinion {
		for _, o := range v.Opinions {
			if o.Result == r.id {
				x.Fitness = o.Fitness
				break
			}
		}
		if x.Fitness == Undecided && r.judgement != nil && r.judgement.Overall.Worse(B) {
			x.Deadline = jst.ThreeMonthDeadline(r.day)
			x.DaysLeft = x.Deadline.Sub(today)
		}
	}
	return x
}

// table lays the items out; an item that nobody measured has no line, and one beyond the law only where
// the person lets it be shown.
func (v *PersonView) table(all []*result, c *Criteria, now Subject) {
	for _, it := range catalogue {
		if !it.Statutory && !v.ShowOptional {
			continue
		}
		l := ItemLine{Key: it.Key, Name: it.Name, Unit: it.Unit, Decimals: it.Decimals, Statutory: it.Statutory, Numeric: it.Kind == Numeric}
		any := false
		for _, r := range all {
			cell := r.cell(it)
			any = any || !cell.Missing
			l.Cells = append(l.Cells, cell)
		}
		if !any {
			continue
		}
		if low, high, ok := c.reference(c.ruleItem(it), now); ok && it.Kind != Joint {
			l.Ref = span(low, high, decimalsFor(it))
			l.RefLow, l.RefHigh = end(low), end(high)
		}
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Name != it.Group {
			v.Groups = append(v.Groups, ItemGroup{Name: it.Group})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Items = append(g.Items, l)
	}
}

func end(n Num) *float64 {
	if n == minNum || n == maxNum {
		return nil
	}
	f := n.Float()
	return &f
}

// cell is one item of one result.
func (r *result) cell(it *Item) Cell {
	c := Cell{Missing: true}
	v := find(r.values, it.Key)
	if v == nil && r.judgement != nil {
		if v = find(r.judgement.Derived, it.Key); v != nil {
			c.Derived = true
		}
	}
	var j ItemJudgement
	judged := false
	if r.judgement != nil {
		j, judged = r.judgement.Of(it)
	}
	if v == nil && !judged {
		return c
	}
	c.Missing = false
	who := Subject{Age: -1}
	if r.judgement != nil {
		who = Subject{Sex: r.judgement.Sex, Age: r.judgement.Age}
	}
	if v != nil {
		c.Text, c.Original = v.Show(it), v.Original
		if v.Measured() && it.Kind == Numeric {
			f := v.Num.Float()
			c.Num = &f
		}
	}
	if !judged {
		return c
	}
	c.Letter, c.Action, c.Treated, c.Out = j.Letter, j.Action, j.Has(Treated), j.Letter.Worse(A)
	if v == nil {
		c.Text, c.Reason = string(j.Letter)+"（"+j.Letter.Japanese()+"）", "組み合わせて判定しています。"
		return c
	}
	c.Reason = r.criteria.Reason(j, v.Value, who)
	if low, high, ok := r.criteria.reference(r.criteria.ruleItem(it), who); ok && v.Measured() && c.Out {
		switch n := v.Num.Round(decimalsFor(it)); {
		case n > high:
			c.Direction = "high"
		case n < low:
			c.Direction = "low"
		}
	}
	return c
}
