package checkup

import (
	"strings"
)

// inRange refuses an implausible number. A bound is only held against the upper end: what lies below the
// limit of quantification may well lie below what can be plausible as a measured figure.
func inRange(it *Item, v Value, cell string) (Value, string) {
	if it.Min == it.Max {
		return v, ""
	}
	if it.Key == "white_cells" && v.Num >= 500*unit { // given per μL
		v.Num /= 1000
		v.Original = strings.TrimSpace(cell)
	}
	if v.Num > it.Max || v.Kind == Number && v.Num < it.Min || v.Num < 0 && it.Min >= 0 {
		return v, codeRange
	}
	return v, ""
}

// parseNumber reads 145, １４５, 5.6%, 145 mmHg, <30, 30未満, 5以下, >300, ≧300, 300以上, 145H.
func parseNumber(it *Item, s string) (Value, string) {
	v := Value{Kind: Number}
	switch {
	case cut(&s, "<=", "≤", "≦", "=<"):
		v.Kind, v.Incl = Below, true
	case cut(&s, "<"):
		v.Kind = Below
	case cut(&s, ">=", "≥", "≧", "=>"):
		v.Kind, v.Incl = Above, true
	case cut(&s, ">"):
		v.Kind = Above
	case cut(&s, "H ", "L ", "H", "L", "*"): // the body's own high and low marks
	}
	s = strings.TrimSpace(s)
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' || s[end] == ',' || end == 0 && (s[end] == '-' || s[end] == '+')) {
		end++
	}
	n, ok := ParseNum(s[:end])
	if !ok {
		return v, codeNotNumber
	}
	v.Num = n
	rest := strings.ToLower(strings.ReplaceAll(s[end:], " ", ""))
	for _, w := range boundWords {
		before, after, found := strings.Cut(rest, w.text)
		if !found {
			continue
		}
		if v.Kind != Number || after != "" {
			return v, codeNotNumber
		}
		v.Kind, v.Incl, rest = w.kind, w.incl, before
		break
	}
	if !isUnit(it, rest) && !isUnit(it, strings.TrimRight(rest, "*↑↓hl")) {
		return v, codeNotNumber
	}
	return inRange(it, v, s)
}

var boundWords = []struct {
	text string
	kind ValueKind
	incl bool
}{
	{"未満", Below, false}, {"以下", Below, true}, {"以上", Above, true}, {"超過", Above, false}, {"を超える", Above, false}, {"超", Above, false},
}

// isUnit accepts the item's unit, the usual units and nothing.
func isUnit(it *Item, s string) bool { return s == "" || cellUnits[s] || s == foldUnit(it.Unit) }

func foldUnit(u string) string { return strings.ToLower(strings.ReplaceAll(fold(u), " ", "")) }

var cellUnits = words("cm kg % mmhg mg/dl g/dl u/l iu/l ul kg/m2 万/μl 万/ul 万/mm3 万 /μl /ul /mm3 10^3/μl 10^4/μl x10^4/μl 回/分 /分 拍/分 回 bpm ml/min/1.73m2 ml/分/1.73m2 ng/ml fl pg cm2")

func cut(s *string, prefixes ...string) bool {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(*s, p); ok {
			*s = rest
			return true
		}
	}
	return false
}

// gradeNames of urine tests.
var gradeNames = [...]string{"−", "±", "+", "2+", "3+", "4+"}

var gradeWords = map[string]Num{
	"-": 0, "陰性": 0, "ー": 0, "neg": 0, "negative": 0, "±": 1, "+-": 1, "+/-": 1, "-+": 1, "擬陽性": 1, "疑陽性": 1,
	"+": 2, "1+": 2, "+1": 2, "陽性": 2, "++": 3, "2+": 3, "+2": 3, "+++": 4, "3+": 4, "+3": 4, "++++": 5, "4+": 5, "+4": 5,
}

// parseGrade reads −, (－), （±）, +, 2+, ++ and, in a coded column, 1 to 5.
func parseGrade(s string, coded bool) (Value, string) {
	s = strings.ToLower(strings.ReplaceAll(s, " ", ""))
	if coded && len(s) == 1 && s[0] >= '1' && s[0] <= '5' {
		return Value{Kind: GradeValue, Num: Num(s[0] - '1')}, ""
	}
	if len(s) > 2 && s[0] == '(' && s[len(s)-1] == ')' {
		s = s[1 : len(s)-1]
	}
	if n, ok := gradeWords[s]; ok {
		return Value{Kind: GradeValue, Num: n}, ""
	}
	return Value{}, codeNotGrade
}

var (
	noFinding  = words("所見なし 所見無し 所見無 異常なし 異常無し 異常無 異常を認めず 異常認めず 異常所見なし 正常 正常範囲 なし 無し 無 特記なし 特記事項なし 陰性 - ( - ) (-) 聞こえる 可")
	anyFinding = words("所見あり 所見有り 所見有 有所見 異常あり 異常有り 異常有 あり 有り 有 陽性 + (+) 聞こえない 不可 異常")
)

// parseFinding reads 所見なし/所見あり, 1/2, the body's own grade (C, Ｄ２) and, for hearing, decibels.
// Any other words are a finding described.
func parseFinding(it *Item, s string, coded bool) (Value, string) {
	switch {
	case s == "2" || noFinding[s]:
		return Value{Kind: FoundValue}, ""
	case s == "1" || anyFinding[s]:
		return Value{Kind: FoundValue, Num: 1}, ""
	}
	if l, ok := bodyGrade(s); ok {
		v := Value{Kind: FoundValue, Num: 1, Text: string(l)}
		if l == A {
			v.Num, v.Text = 0, ""
		}
		return v, ""
	}
	if it.Min != it.Max { // hearing
		t := strings.TrimSpace(strings.TrimSuffix(strings.ToLower(s), "db"))
		if n, ok := ParseNum(t); ok {
			if n < it.Min || n > it.Max {
				return Value{}, codeRange
			}
			return Value{Kind: Number, Num: n}, ""
		}
	}
	if _, ok := ParseNum(s); ok || coded {
		return Value{}, codeNotFinding
	}
	return Value{Kind: FoundValue, Num: 1, Text: s}, ""
}

// bodyGrade reads "C", "c", "C2", "判定C", "所見あり(D)".
func bodyGrade(s string) (Letter, bool) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "所見あり("), ")")
	s = strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(s, "判定"), "判定"))
	if len(s) == 2 && s[1] >= '0' && s[1] <= '9' {
		s = s[:1]
	}
	return letterOf(s)
}

func parseChoice(it *Item, s string, coded bool) (Value, string) {
	if n, ok := ParseNum(s); ok {
		if k := int(n / unit); n%unit == 0 && k >= 1 && k <= len(it.Choices) {
			return Value{Kind: ChoiceValue, Num: Num(k)}, ""
		}
		return Value{}, codeNotChoice
	}
	for i, c := range it.Choices {
		if s == c || s == fold(c) {
			return Value{Kind: ChoiceValue, Num: Num(i + 1)}, ""
		}
	}
	for _, a := range it.Also {
		if w, code, ok := strings.Cut(a, "="); ok && s == fold(w) {
			return Value{Kind: ChoiceValue, Num: Num(code[0] - '0')}, ""
		}
	}
	if coded {
		return Value{}, codeNotChoice
	}
	return Value{Kind: TextValue, Text: s}, ""
}

func parseText(it *Item, s string, coded bool) (Value, string) {
	if coded && len(it.Choices) > 0 {
		return parseChoice(it, s, coded)
	}
	return Value{Kind: TextValue, Text: s}, ""
}
