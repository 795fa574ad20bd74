package web

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"rakudos/internal/health/checkup"
)

// criteriaCard is a version with its tables in words: nobody approves what cannot be read.
type criteriaCard struct {
	checkup.CriteriaVersion
	Rows    []criteriaRow
	Limits  []limitRow
	Changed int // rows that differ from the version in use
}

// criteriaRow is an item with the span of each class; Changed tells that the version in use differs.
type criteriaRow struct {
	Item, Unit, Who string
	A, B, C, D      string
	Changed         bool
}

// limitRow is an item of 特定健診 with the figures of guidance and referral.
type limitRow struct {
	Item, Unit, Who, Guidance, Referral string
	Changed                             bool
}

// gradeSigns are the results that Criteria.Grades has a letter for, in that order.
var gradeSigns = []string{"−", "±", "+", "2+", "3+", "4+"}

func criteriaCards(all []checkup.CriteriaVersion) []criteriaCard {
	var out []criteriaCard
	used := map[any]bool{}
	for _, v := range all {
		card := criteriaCard{CriteriaVersion: v, Rows: criteriaRows(v.Criteria), Limits: limitRows(v.Criteria)}
		if v.State == "active" {
			for _, r := range card.Rows {
				used[r] = true
			}
			for _, r := range card.Limits {
				used[r] = true
			}
		}
		out = append(out, card)
	}
	for i := range out {
		if out[i].State == "active" {
			continue
		}
		for k := range out[i].Rows {
			r := &out[i].Rows[k]
			if r.Changed = !used[*r]; r.Changed {
				out[i].Changed++
			}
		}
		for k := range out[i].Limits {
			r := &out[i].Limits[k]
			if r.Changed = !used[*r]; r.Changed {
				out[i].Changed++
			}
		}
	}
	return out
}

func criteriaRows(c *checkup.Criteria) []criteriaRow {
	var out []criteriaRow
	row := func(key, who string, spans map[string][]string) {
		name, unit := itemWords(key)
		if strings.HasPrefix(key, "hearing_") && len(spans["D"]) > 0 {
			unit = "dB"
		}
		cell := func(l string) string { return strings.Join(spans[l], "、") }
		out = append(out, criteriaRow{name, unit, who, cell("A"), cell("B"), cell("C"), cell("D"), false})
	}
	for _, r := range c.Rules {
		spans := map[string][]string{}
		for _, b := range strings.Split(r.Bands, "|") {
			letter, span, _ := strings.Cut(strings.TrimSpace(b), " ")
			spans[letter] = append(spans[letter], spanWords(strings.TrimSpace(span)))
		}
		row(r.Item, whoWords(r.Sex, r.AgeFrom, r.AgeTo), spans)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Grades)) {
		spans := map[string][]string{}
		for i, l := range strings.Split(c.Grades[key], "") {
			spans[l] = append(spans[l], gradeSigns[min(i, len(gradeSigns)-1)])
		}
		row(key, "", spans)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Found)) {
		row(key, "", map[string][]string{"A": {"所見なし"}, string(c.Found[key]): {"所見あり"}})
	}
	return out
}

func limitRows(c *checkup.Criteria) []limitRow {
	var out []limitRow
	for _, t := range c.Thresholds {
		name, unit := itemWords(t.Item)
		figure := func(text string) string {
			switch {
			case text == "":
				return ""
			case t.Low:
				return text + "以下"
			}
			return text + "以上"
		}
		out = append(out, limitRow{name, unit, whoWords(t.Sex, 0, 0), figure(t.Guidance), figure(t.Referral), false})
	}
	return out
}

func itemWords(key string) (name, unit string) {
	for _, it := range checkup.Items() {
		if it.Key == key {
			if it.Kind == checkup.Finding { // hearing at 1000Hz is a finding, or a loss in dB
				return it.Name + it.Unit, ""
			}
			return it.Name, it.Unit
		}
	}
	return key, ""
}

func whoWords(s checkup.Sex, from, to int) string {
	var parts []string
	if s == checkup.Male || s == checkup.Female {
		parts = append(parts, s.Japanese())
	}
	switch {
	case from > 0 && to > 0:
		parts = append(parts, strconv.Itoa(from)+"〜"+strconv.Itoa(to)+"歳")
	case from > 0:
		parts = append(parts, strconv.Itoa(from)+"歳以上")
	case to > 0:
		parts = append(parts, strconv.Itoa(to)+"歳以下")
	}
	return strings.Join(parts, "・")
}

// spanWords turns 「130..139」, 「..129」 and 「160..」 into words.
func spanWords(span string) string {
	low, high, ok := strings.Cut(span, "..")
	switch {
	case !ok:
		return span
	case low == "":
		return high + "以下"
	case high == "":
		return low + "以上"
	}
	return low + "〜" + high
}
