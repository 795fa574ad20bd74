package checkup

import (
	"fmt"
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
)

// Flaw is what is wrong with one row of a version: Table "rule" or "limit", Row its index there (−1: the
// whole version).
type Flaw struct {
	Table string
	Row   int
	Err   *fault.Fault
}

// oldest bounds the ages for which rows are tried.
const oldest = 120

// Sound finds every row that can't be used: values in no class or in two, classes in a wrong order, people
// for whom no row holds or two do, and figures in a wrong order. Nothing means that Compile succeeds.
func (c *Criteria) Sound() (out []Flaw) {
	bad := func(table string, row int, code string, args ...string) {
		out = append(out, Flaw{table, row, fault.New(fault.Invalid, code, args...)})
	}
	byItem := map[string][]int{}
	for i, r := range c.Rules {
		it, ok := byKey[r.Item]
		if !ok || it.Kind != Numeric && it.Kind != Finding && it.Kind != Joint {
			bad("rule", i, "checkup.criteria_item", "item", clip(r.Item))
			continue
		}
		byItem[r.Item] = append(byItem[r.Item], i)
		if r.AgeFrom < 0 || r.AgeTo < 0 || r.AgeFrom > oldest || r.AgeTo > oldest || r.AgeTo != 0 && r.AgeTo < r.AgeFrom {
			bad("rule", i, "checkup.criteria_age", "item", it.Name)
		}
		if f := soundBands(r.Bands, it); f != nil {
			out = append(out, Flaw{"rule", i, f})
		}
	}
	for _, rows := range byItem {
		if row, f := c.everybodyOnce(rows); f != nil {
			out = append(out, Flaw{"rule", row, f})
		}
	}
	for i, t := range c.Thresholds {
		if f := t.sound(); f != nil {
			out = append(out, Flaw{"limit", i, f})
		}
	}
	if len(out) == 0 {
		d := *c
		if err := d.Compile(); err != nil {
			out = append(out, Flaw{"", -1, fault.Of(err)})
		}
	}
	return out
}

// soundBands says what is wrong with the classes of a row.
func soundBands(s string, it *Item) *fault.Fault {
	d := decimalsFor(it)
	bands, err := parseSpans(s, d)
	if err != nil {
		return fault.New(fault.Invalid, "checkup.criteria_number", "item", it.Name, "decimals", strconv.Itoa(d)).Because(err)
	}
	at := minNum
	for i, b := range bands {
		switch {
		case b.high < b.low:
			return fault.New(fault.Invalid, "checkup.criteria_span", "item", it.Name, "low", b.low.String(), "high", b.high.String())
		case i == 0 && b.low != minNum:
			return fault.New(fault.Invalid, "checkup.criteria_below", "item", it.Name, "value", b.low.String())
		case i > 0 && bands[i-1].high == maxNum || b.low < at:
			return fault.New(fault.Invalid, "checkup.criteria_overlap", "item", it.Name, "value", b.low.String())
		case b.low > at:
			return fault.New(fault.Invalid, "checkup.criteria_gap", "item", it.Name, "from", bands[i-1].high.String(), "to", b.low.String())
		}
		if b.high == maxNum {
			at = maxNum
			continue
		}
		at = b.high + step(d)
	}
	if len(bands) == 0 || bands[len(bands)-1].high != maxNum {
		high := ""
		if len(bands) > 0 {
			high = bands[len(bands)-1].high.String()
		}
		return fault.New(fault.Invalid, "checkup.criteria_above", "item", it.Name, "value", high)
	}
	return soundOrder(bands, it)
}

// soundOrder: classes get worse away from A, on either side.
func soundOrder(bands []band, it *Item) *fault.Fault {
	best := -1
	for i, b := range bands {
		if b.letter == A {
			best = i
		}
	}
	wrong := fault.New(fault.Invalid, "checkup.criteria_order", "item", it.Name)
	if best < 0 {
		return wrong
	}
	for i := range bands[1:] {
		worse := bands[i+1].letter.Worse(bands[i].letter)
		if bands[i].letter == bands[i+1].letter || worse != (i >= best) {
			return wrong
		}
	}
	return nil
}

// everybodyOnce: whoever has the value is judged by exactly one row of the item.
func (c *Criteria) everybodyOnce(rows []int) (int, *fault.Fault) {
	it := byKey[c.Rules[rows[0]].Item]
	for _, sex := range []Sex{Male, Female} {
		for age := range oldest + 1 {
			var hit []int
			for _, i := range rows {
				r := c.Rules[i]
				if (r.Sex == AnySex || r.Sex == sex) && age >= r.AgeFrom && (r.AgeTo == 0 || age <= r.AgeTo) {
					hit = append(hit, i)
				}
			}
			switch {
			case len(hit) == 0:
				return rows[len(rows)-1], fault.New(fault.Invalid, "checkup.criteria_nobody", "item", it.Name, "sex", sex.Japanese(), "age", strconv.Itoa(age))
			case len(hit) > 1:
				return hit[1], fault.New(fault.Invalid, "checkup.criteria_twice", "item", it.Name, "sex", sex.Japanese(), "age", strconv.Itoa(age))
			}
		}
	}
	return 0, nil
}

func (t Threshold) sound() *fault.Fault {
	it, ok := byKey[t.Item]
	if !ok {
		return fault.New(fault.Invalid, "checkup.criteria_item", "item", clip(t.Item))
	}
	var n [2]Num
	for i, text := range []string{t.Guidance, t.Referral} {
		if text == "" {
			continue
		}
		v, ok := ParseNum(text)
		if !ok || v.Round(it.Decimals) != v {
			return fault.New(fault.Invalid, "checkup.criteria_number", "item", it.Name, "decimals", strconv.Itoa(it.Decimals))
		}
		n[i] = v
	}
	if t.Guidance != "" && t.Referral != "" && (n[0] == n[1] || (n[1] < n[0]) != t.Low) {
		return fault.New(fault.Invalid, "checkup.criteria_limits", "item", it.Name)
	}
	return nil
}

// SpanText turns what a person types for one class into the spans of Rule.Bands: 「130〜139」, 「129以下」,
// 「160以上」, several with 「、」 between them. What can't be understood stays as it is and is a flaw later.
func SpanText(letter, typed string) []string {
	var out []string
	typed = strings.NewReplacer("〜", "..", "～", "..", "~", "..", "，", ",", "、", ",", " ", "", "　", "").Replace(fold(typed))
	for part := range strings.SplitSeq(typed, ",") {
		switch {
		case part == "":
			continue
		case strings.HasSuffix(part, "以下"):
			part = ".." + strings.TrimSuffix(part, "以下")
		case strings.HasSuffix(part, "以上"):
			part = strings.TrimSuffix(part, "以上") + ".."
		case !strings.Contains(part, ".."): // one value
			part = part + ".." + part
		}
		out = append(out, fmt.Sprintf("%s %s", letter, part))
	}
	return out
}
