package checkup

import (
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
)

// Explanation is one value judged, with the reason. The JSON names are fixed: others script against them.
type Explanation struct {
	Item      string `json:"item"`
	Value     string `json:"value"`
	Judgement string `json:"judgement"`
	Action    string `json:"action"`
	Criteria  string `json:"criteria_version"`
	Reason    string `json:"reason"`
}

// Explain judges one value of one item by the default criteria. The item is named in Japanese, by a
// synonym, its key or its JLAC10 code; the sex may be empty and the age negative where neither matters.
func Explain(item, value, sex string, age int) (Explanation, error) {
	it, ok := ByName(item)
	if !ok {
		return Explanation{}, fault.New(fault.Invalid, "checkup.item_unknown", "item", clip(item))
	}
	s := Subject{Age: age}
	if strings.TrimSpace(sex) != "" {
		if s.Sex, ok = ParseSex(sex); !ok {
			return Explanation{}, fault.New(fault.Invalid, codeSex, "value", clip(sex))
		}
	}
	c := NingenDock2016
	if it.Kind == Joint {
		it = map[string]*Item{"vision": byKey["vision_right"], "sugar": byKey["glucose"]}[it.Key]
	}
	v, code := ParseValue(it, value, isCode(item))
	if code == "" && v.Kind == Empty {
		code = codeNoValues
	}
	if code != "" {
		return Explanation{}, fault.New(fault.Invalid, code, "item", it.Name, "value", clip(value),
			"min", it.Min.String(), "max", it.Max.String(), "unit", it.Unit)
	}
	if s.Sex == AnySex && c.bySex(it) {
		return Explanation{}, fault.New(fault.Invalid, "checkup.sex_needed", "item", it.Name)
	}
	j := c.JudgeItem(it, v, s)
	return Explanation{
		Item: it.Name, Value: v.Show(it), Judgement: string(j.Letter), Action: string(j.Action),
		Criteria: c.ID, Reason: c.Reason(j, v, s),
	}, nil
}

func (c *Criteria) bySex(it *Item) bool {
	for _, r := range c.rules[it.ID] {
		if r.sex != AnySex {
			return true
		}
	}
	return false
}

// Reason says in Japanese why a judgement is what it is.
func (c *Criteria) Reason(j ItemJudgement, v Value, s Subject) string {
	it := j.Item
	var b strings.Builder
	switch {
	case j.Has(Treated):
		b.WriteString("産業医が治療中と確認したため E です。")
	case v.Kind == NotDone || v.Kind == NotMeasured:
		b.WriteString(v.Show(it) + "のため、判定していません。")
	case j.Letter == "":
		b.WriteString("判定区分表に" + it.Name + "の区分がないため、A〜Eの判定はありません。")
	case v.Measured():
		b.WriteString(c.bandReason(j, v, s))
	case v.Kind == GradeValue:
		b.WriteString(it.Name + "が " + v.Show(it) + " のため " + string(j.Letter) + "（" + j.Letter.Japanese() + "）です。")
	case j.Has(BodyTreated):
		b.WriteString("健診機関の区分は治療中です。E とするかは産業医が確認します。それまでは " + string(j.Letter) + " です。")
	case j.Has(ByBody):
		b.WriteString("健診機関の区分 " + string(j.Letter) + "（" + j.Letter.Japanese() + "）によります。")
	default:
		b.WriteString(it.Name + "は" + v.finding() + "のため " + string(j.Letter) + "（" + j.Letter.Japanese() + "）です。")
	}
	if j.Has(ByBound) {
		b.WriteString("測定の限界値のため、示された数値そのもので判定しています。")
	}
	if j.Has(Part) && !j.Has(Treated) {
		b.WriteString("総合判定には、組み合わせた判定を使います。")
	}
	if t := c.threshold(c.ruleItem(it), s); t != nil && v.Measured() {
		b.WriteString(t.reason(j.Action, it))
	}
	return b.String()
}

func (c *Criteria) bandReason(j ItemJudgement, v Value, s Subject) string {
	r := c.rule(c.ruleItem(j.Item), s)
	d := decimalsFor(j.Item)
	if r == nil {
		return ""
	}
	low, high := interval(v, d)
	at := v.Num.Round(d)
	switch { // a bound is shown by a figure inside its span
	case low == minNum && !j.Has(ByBound):
		at = high
	case high == maxNum && !j.Has(ByBound):
		at = low
	}
	band := r.bands[bandOf(r.bands, at)]
	for _, b := range r.bands {
		if b.letter == j.Letter && b.low <= at && at <= b.high {
			band = b
		}
	}
	if band.letter != j.Letter { // softened by the joint rule of blood sugar
		return "空腹時血糖とHbA1cの一方だけが D の範囲のため " + string(j.Letter) + "（" + j.Letter.Japanese() + "）です。"
	}
	who := ""
	if r.sex != AnySex {
		who = r.sex.Japanese() + "性の"
	}
	rounded := ""
	if decimalsOf(v.Num) > d {
		rounded = "（丸めると " + v.Num.Round(d).Format(d) + "）"
	}
	return who + j.Item.Name + " " + spaced(v.withUnit(j.Item)+rounded) + "は " + spaced(span(band.low, band.high, d, unitOf(j.Item))) +
		"の範囲にあり " + string(j.Letter) + "（" + j.Letter.Japanese() + "）です。"
}

// spaced parts figures and units from the Japanese that follows; behind Japanese there is no space.
func spaced(s string) string {
	if strings.HasSuffix(s, "）") || strings.HasSuffix(s, "以上") || strings.HasSuffix(s, "以下") || strings.HasSuffix(s, "未満") || strings.HasSuffix(s, "超") {
		return s
	}
	return s + " "
}

// withUnit writes 145 mmHg, 30 mg/dL未満.
func (v Value) withUnit(it *Item) string {
	s := v.Show(it)
	for _, w := range [...]string{"未満", "以下", "以上", "超"} {
		if n, ok := strings.CutSuffix(s, w); ok {
			return n + unitOf(it) + w
		}
	}
	return s + unitOf(it)
}

func unitOf(it *Item) string {
	switch {
	case it.Unit == "" || it.Kind == Finding:
		return ""
	case it.Unit == "%":
		return "%"
	}
	return " " + it.Unit
}

// span writes a band: "140〜159 mmHg", "160 mmHg以上", "24.9以下".
func span(low, high Num, d int, unit string) string {
	switch {
	case low == minNum && high == maxNum:
		return "すべて"
	case low == minNum:
		return high.Format(d) + unit + "以下"
	case high == maxNum:
		return low.Format(d) + unit + "以上"
	}
	return low.Format(d) + "〜" + high.Format(d) + unit
}

func (t *threshold) reason(a Action, it *Item) string {
	beyond := "以上"
	if t.low {
		beyond = "以下"
	}
	switch a {
	case Referral:
		return "特定健診の受診勧奨判定値（" + t.referral.Format(it.Decimals) + unitOf(it) + beyond + "）に当たります。"
	case Guidance:
		return "特定健診の保健指導判定値（" + t.guidance.Format(it.Decimals) + unitOf(it) + beyond + "）に当たります。"
	}
	return "特定健診の保健指導判定値には当たりません。"
}

// String is for logs of the criteria's own tests.
func (b band) String() string {
	return string(b.letter) + " " + strconv.FormatInt(int64(b.low), 10) + ".." + strconv.FormatInt(int64(b.high), 10)
}
