package checkup

// Judgement is what a whole result comes to under one version of the criteria.
type Judgement struct {
	Criteria          string
	Overall           Letter // the worst deciding item; empty when nothing could be judged
	Action            Action
	Metabolic         Metabolic
	MedicationUnknown bool // 服薬未確認: judged as if nothing were taken
	Sex               Sex
	Age               int
	Items             []ItemJudgement
	Derived           []ItemValue // computed values that the file did not give
}

// Worst lists the items that decide, if the result is B or worse.
func (j *Judgement) Worst() []*Item {
	var out []*Item
	if !j.Overall.Worse(A) {
		return nil
	}
	for _, i := range j.Items {
		if i.Letter == j.Overall && !i.Has(Part) {
			out = append(out, i.Item)
		}
	}
	return out
}

// Of finds the judgement of an item.
func (j *Judgement) Of(it *Item) (ItemJudgement, bool) {
	for _, i := range j.Items {
		if i.Item == it {
			return i, true
		}
	}
	return ItemJudgement{}, false
}

var drugs = [...]string{"drug_pressure", "drug_sugar", "drug_lipid"}

// Single readings of the blood pressure.
const firstReading, lastReading = 32, 35

// JudgeAll judges a result. The order of the values does not matter.
func (c *Criteria) JudgeAll(values []ItemValue, s Subject) Judgement {
	out := Judgement{Criteria: c.ID, Action: NoAction, Sex: s.Sex, Age: s.Age}
	out.Derived = derive(values, s)
	out.Items = make([]ItemJudgement, 0, len(values)+len(out.Derived)+2)
	for i, list := range [2][]ItemValue{values, out.Derived} {
		for k := range list {
			if it := list[k].Item; it.ID >= firstReading && it.ID <= lastReading {
				continue // the decisive reading stands beside them
			}
			j := c.JudgeItem(list[k].Item, list[k].Value, s)
			if j.Letter == "" && j.Action == NoAction {
				continue
			}
			if i == 1 {
				j.Marks |= Derived
			}
			out.Items = append(out.Items, j)
		}
	}
	c.joinEyes(&out, values, s)
	c.joinSugar(&out)
	for _, d := range drugs {
		if v := find(values, d); v == nil || v.Kind != ChoiceValue {
			out.MedicationUnknown = true
		}
	}
	out.Metabolic = metabolic(values, s)
	out.sum()
	return out
}

// sum recomputes what the items come to together.
func (j *Judgement) sum() {
	j.Overall, j.Action = "", NoAction
	for _, i := range j.Items {
		if i.Has(Part) {
			j.Action = worseAction(j.Action, i.Action)
			continue
		}
		if i.Letter.Worse(j.Overall) {
			j.Overall = i.Letter
		}
		j.Action = worseAction(j.Action, i.Action)
	}
}

// joinEyes judges sight by the worse eye, each eye by its corrected figure where there is one.
func (c *Criteria) joinEyes(out *Judgement, values []ItemValue, s Subject) {
	var worst *ItemValue
	for _, eye := range [2][2]string{{"vision_right_corrected", "vision_right"}, {"vision_left_corrected", "vision_left"}} {
		for _, key := range eye {
			v := find(values, key)
			if v == nil || !v.Measured() {
				continue
			}
			if worst == nil || v.Num < worst.Num {
				worst = v
			}
			break
		}
	}
	if worst == nil {
		return
	}
	j := c.JudgeItem(worst.Item, worst.Value, s)
	j.Item = byKey["vision"]
	for i := range out.Items {
		if id := out.Items[i].Item.ID; id >= 10 && id <= 13 {
			out.Items[i].Marks |= Part
		}
	}
	if j.Letter != "" {
		out.Items = append(out.Items, j)
	}
}

// joinSugar: fasting glucose and HbA1c together are D only when both are; one alone in D is C.
func (c *Criteria) joinSugar(out *Judgement) {
	var g, h *ItemJudgement
	for i := range out.Items {
		switch out.Items[i].Item.Key {
		case "glucose":
			g = &out.Items[i]
		case "hba1c":
			h = &out.Items[i]
		}
	}
	if g == nil || h == nil || g.Letter == "" || h.Letter == "" {
		return
	}
	joint := max(g.Letter, h.Letter)
	if joint == D && g.Letter != h.Letter {
		joint = c.OneOfTwo
		g.Letter, h.Letter = min(g.Letter, joint), min(h.Letter, joint)
	}
	g.Marks |= Part
	h.Marks |= Part
	out.Items = append(out.Items, ItemJudgement{Item: byKey["sugar"], Letter: joint, Action: NoAction, Marks: (g.Marks | h.Marks) & ByBound})
}
