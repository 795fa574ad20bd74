package checkup

// Mark tells how a judgement came about.
type Mark uint8

const (
	ByBound     Mark = 1 << iota // judged by the figure of a bound whose span covers several classes
	Part                         // part of a joint judgement (eyes, blood sugar), which decides instead
	Derived                      // the value was computed
	ByBody                       // the check-up body's own grade
	BodyTreated                  // the body says 治療中: E is for a physician to set
	Treated                      // E, set by a physician
)

// ItemJudgement is what one item comes to. Letter is empty when no table speaks of the item.
type ItemJudgement struct {
	Item   *Item
	Letter Letter
	Action Action
	Marks  Mark
}

// Has tells whether a mark is set.
func (j ItemJudgement) Has(m Mark) bool { return j.Marks&m != 0 }

// JudgeItem judges one value by itself. What is not measured is not judged.
func (c *Criteria) JudgeItem(it *Item, v Value, s Subject) ItemJudgement {
	j := ItemJudgement{Item: it, Action: NoAction}
	switch {
	case v.Measured():
		c.judgeNumber(&j, v, s)
	case v.Kind == GradeValue:
		if letters := c.Grades[it.Key]; letters != "" {
			n := min(max(int(v.Num), 0), len(letters)-1)
			j.Letter = Letter(letters[n : n+1])
		}
	case v.Kind == FoundValue:
		c.judgeFinding(&j, v)
	}
	return j
}

func (c *Criteria) judgeNumber(j *ItemJudgement, v Value, s Subject) {
	it := j.Item
	d := decimalsFor(it)
	low, high := interval(v, d)
	if r := c.rule(c.ruleItem(it), s); r != nil {
		first, last := bandOf(r.bands, low), bandOf(r.bands, high)
		j.Letter = r.bands[first].letter
		for i := first + 1; i <= last; i++ {
			if r.bands[i].letter != j.Letter { // the span covers several classes: by the figure itself
				j.Letter = r.bands[bandOf(r.bands, v.Num.Round(d))].letter
				j.Marks |= ByBound
				break
			}
		}
	}
	if t := c.threshold(c.ruleItem(it), s); t != nil {
		a, b := t.action(low), t.action(high)
		j.Action = a
		if a != b {
			j.Action = t.action(v.Num.Round(d))
			j.Marks |= ByBound
		}
	}
}

// sameRule: each eye is judged by the table of the worse eye, each reading by that of the blood pressure.
var sameRule = map[string]string{
	"vision_right": "vision", "vision_left": "vision", "vision_right_corrected": "vision", "vision_left_corrected": "vision",
	"systolic_1": "systolic", "systolic_2": "systolic", "diastolic_1": "diastolic", "diastolic_2": "diastolic",
}

func (c *Criteria) ruleItem(it *Item) *Item {
	if k, ok := sameRule[it.Key]; ok {
		return byKey[k]
	}
	return it
}

// interval is the rounded span that a value stands for.
func interval(v Value, decimals int) (low, high Num) {
	n := v.Num.Round(decimals)
	switch {
	case v.Kind == Below && v.Incl:
		return minNum, n
	case v.Kind == Below:
		return minNum, below(v.Num, decimals)
	case v.Kind == Above && v.Incl:
		return n, maxNum
	case v.Kind == Above:
		return above(v.Num, decimals), maxNum
	}
	return n, n
}

// below is the greatest figure of so many decimals that is less than n; above the least that is more.
func below(n Num, decimals int) Num {
	if r := n.Round(decimals); r < n {
		return r
	}
	return n.Round(decimals) - step(decimals)
}

func above(n Num, decimals int) Num {
	if r := n.Round(decimals); r > n {
		return r
	}
	return n.Round(decimals) + step(decimals)
}

// bandOf finds the band that holds n; the bands cover everything in order.
func bandOf(bands []band, n Num) int {
	for i := range bands {
		if n <= bands[i].high {
			return i
		}
	}
	return len(bands) - 1
}

func (t *threshold) action(n Num) Action {
	beyond := func(limit Num) bool {
		return limit != noNum && (t.low && n <= limit || !t.low && n >= limit)
	}
	switch {
	case beyond(t.referral):
		return Referral
	case beyond(t.guidance):
		return Guidance
	}
	return NoAction
}

func (c *Criteria) judgeFinding(j *ItemJudgement, v Value) {
	l, judged := c.Found[j.Item.Key]
	if !judged {
		return
	}
	if v.Num == 0 {
		j.Letter = A
		return
	}
	j.Letter = l
	body, graded := letterOf(v.Text)
	switch {
	case graded && body == E:
		j.Marks |= BodyTreated | ByBody
	case graded:
		j.Letter = body
		j.Marks |= ByBody
	}
}
