package checkup

import (
	"rakudos/internal/base/jst"
)

func (v *PersonView) exam(r *result, today jst.Date) Exam {
	x := Exam{Result: r.id, Import: r.batch, Year: r.year, Day: r.day, Judgements: len(r.history)}
	if v.ShowValues { // any column of the file can have been read as the body's name
		x.Body = r.body
	}
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
		switch it.Kind {
		case Finding:
			l.Ref = "所見なし"
		case Grade:
			l.Ref = gradeNames[0]
		}
		if low, high, ok := c.reference(c.ruleItem(it), now); ok && it.Kind == Numeric {
			l.Ref = span(low, high, decimalsFor(it), "")
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
