package checkup

import (
	"fmt"
	"slices"
	"strings"

	"rakudos/internal/base/fault"
)

// Rule gives the classes of one item, for a sex and an age where it applies. Bands are written as
// "A 18.5..24.9 | C ..18.4 | C 25.0..": both ends belong to the band, an open end is unbounded, and
// together they must cover every value of the item's decimals exactly once.
type Rule struct {
	Item    string `json:"item"`
	Sex     Sex    `json:"sex,omitempty"`
	AgeFrom int    `json:"age_from,omitempty"`
	AgeTo   int    `json:"age_to,omitempty"` // 0: no end
	Bands   string `json:"bands"`
}

// Threshold gives the 特定健診 figures of one item: at or beyond them guidance or referral is due.
// Low tells that small values are the bad ones. An empty figure means that there is none.
type Threshold struct {
	Item     string `json:"item"`
	Sex      Sex    `json:"sex,omitempty"`
	Low      bool   `json:"low,omitempty"`
	Guidance string `json:"guidance,omitempty"`
	Referral string `json:"referral,omitempty"`
}

// Criteria is one version of the tables. A version never changes once it is approved.
type Criteria struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Source     string            `json:"source"`
	Base       string            `json:"base,omitempty"`  // the version that this one was written from
	Draft      bool              `json:"draft,omitempty"` // built in, but a physician must approve it first
	Rules      []Rule            `json:"rules"`
	Thresholds []Threshold       `json:"thresholds"`
	Grades     map[string]string `json:"grades"`     // item → letters for −, ±, +, 2+, 3+, 4+
	Found      map[string]Letter `json:"found"`      // item → letter for 所見あり without a grade of the body
	OneOfTwo   Letter            `json:"one_of_two"` // blood sugar: the class when only one of the two is D

	rules      [maxItem][]rule
	thresholds [maxItem][]threshold
}

type band struct {
	letter    Letter
	low, high Num
}

type rule struct {
	sex      Sex
	from, to int
	bands    []band
}

type threshold struct {
	sex                Sex
	low                bool
	guidance, referral Num // noNum when there is none
}

// Compile checks the tables and prepares them for use. It must be called once, before any judging.
func (c *Criteria) Compile() error {
	c.rules, c.thresholds = [maxItem][]rule{}, [maxItem][]threshold{}
	bad := func(item, format string, a ...any) error {
		return fault.New(fault.Invalid, "checkup.criteria_bad", "item", item).Because(fmt.Errorf("checkup: criteria %s, %s: "+format, append([]any{c.ID, item}, a...)...))
	}
	for _, r := range c.Rules {
		it, ok := byKey[r.Item]
		if !ok || it.Kind != Numeric && it.Kind != Finding && it.Kind != Joint {
			return bad(r.Item, "no such numeric item")
		}
		bands, err := parseBands(r.Bands, decimalsFor(it))
		if err != nil {
			return bad(r.Item, "%w", err)
		}
		c.rules[it.ID] = append(c.rules[it.ID], rule{r.Sex, r.AgeFrom, r.AgeTo, bands})
	}
	for _, t := range c.Thresholds {
		it, ok := byKey[t.Item]
		if !ok {
			return bad(t.Item, "no such item")
		}
		x := threshold{sex: t.Sex, low: t.Low, guidance: noNum, referral: noNum}
		for _, f := range []struct {
			text string
			to   *Num
		}{{t.Guidance, &x.guidance}, {t.Referral, &x.referral}} {
			if f.text == "" {
				continue
			}
			if *f.to, ok = ParseNum(f.text); !ok {
				return bad(t.Item, "%q is no number", f.text)
			}
		}
		c.thresholds[it.ID] = append(c.thresholds[it.ID], x)
	}
	for key, letters := range c.Grades {
		if it, ok := byKey[key]; !ok || it.Kind != Grade || len(letters) != len(gradeNames) || strings.Trim(letters, "ABCD") != "" {
			return bad(key, "grades %q", letters)
		}
	}
	for key, l := range c.Found {
		if it, ok := byKey[key]; !ok || it.Kind != Finding || !slices.Contains(Letters[:4], l) {
			return bad(key, "finding %q", l)
		}
	}
	if !slices.Contains(Letters[:4], c.OneOfTwo) {
		return bad("sugar", "one of two %q", c.OneOfTwo)
	}
	return nil
}

// decimalsFor is to how many decimals a value is rounded before comparing. Vision is judged by tenths,
// although a poor eye is written 0.05.
func decimalsFor(it *Item) int {
	if it.Kind == Joint {
		return 1
	}
	return it.Decimals
}

// parseSpans reads the bands in the order of their values, whatever is between them.
func parseSpans(s string, decimals int) ([]band, error) {
	var out []band
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, "|") {
		letter, span, ok := strings.Cut(strings.TrimSpace(part), " ")
		l, known := letterOf(letter)
		lo, hi, dots := strings.Cut(strings.TrimSpace(span), "..")
		if !ok || !known || l == E || !dots {
			return nil, fmt.Errorf("band %q", part)
		}
		b := band{l, minNum, maxNum}
		for _, e := range []struct {
			text string
			to   *Num
		}{{lo, &b.low}, {hi, &b.high}} {
			if e.text == "" {
				continue
			}
			if *e.to, ok = ParseNum(e.text); !ok || e.to.Round(decimals) != *e.to {
				return nil, fmt.Errorf("%q is not a number of %d decimals", e.text, decimals)
			}
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b band) int {
		if a.low < b.low {
			return -1
		}
		return 1
	})
	return out, nil
}

func parseBands(s string, decimals int) ([]band, error) {
	out, err := parseSpans(s, decimals)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no bands")
	}
	at := minNum
	for i, b := range out {
		if b.low != at || b.high < b.low {
			return nil, fmt.Errorf("bands leave a gap or overlap at %s", b.low)
		}
		if at = b.high + step(decimals); i == len(out)-1 && b.high != maxNum {
			return nil, fmt.Errorf("bands end at %s", b.high)
		}
	}
	return out, nil
}

// Subject is whose value is judged; a sex or age that is not known fits only rules that need none.
type Subject struct {
	Sex Sex
	Age int // full years on the day of the examination; -1 unknown
}

func (c *Criteria) rule(it *Item, s Subject) *rule {
	for i := range c.rules[it.ID] {
		r := &c.rules[it.ID][i]
		if (r.sex == AnySex || r.sex == s.Sex) && (r.from == 0 || s.Age >= r.from) && (r.to == 0 || s.Age >= 0 && s.Age <= r.to) {
			return r
		}
	}
	return nil
}

func (c *Criteria) threshold(it *Item, s Subject) *threshold {
	for i := range c.thresholds[it.ID] {
		if t := &c.thresholds[it.ID][i]; t.sex == AnySex || t.sex == s.Sex {
			return t
		}
	}
	return nil
}

// Reference is the span of class A, for charts and tables; noNum or maxNum at an open end.
func (c *Criteria) reference(it *Item, s Subject) (low, high Num, ok bool) {
	r := c.rule(it, s)
	if r == nil {
		return 0, 0, false
	}
	for _, b := range r.bands {
		if b.letter == A {
			return b.low, b.high, true
		}
	}
	return 0, 0, false
}
