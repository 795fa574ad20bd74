package checkup

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ValueKind tells what a cell means.
type ValueKind uint8

const (
	Empty       ValueKind = iota
	Number                // Num
	Below                 // less than Num (Incl: at most): below the limit of quantification
	Above                 // more than Num (Incl: at least)
	GradeValue            // Num 0 −, 1 ±, 2 +, 3 2+, 4 3+, 5 4+
	FoundValue            // Num 0 所見なし, 1 所見あり; Text holds the body's grade A–E or its words
	ChoiceValue           // Num is the code
	TextValue             // Text
	NotMeasured           // 測定不能: tried, no result
	NotDone               // 未実施: not tried
)

// Value is a cell as it is meant. Original holds the cell's text when that says more or other than the
// value shown; numbers are in the item's unit.
type Value struct {
	Kind     ValueKind
	Incl     bool
	Num      Num
	Text     string
	Original string
}

// Measured tells whether there is a number, also as a bound.
func (v Value) Measured() bool { return v.Kind == Number || v.Kind == Below || v.Kind == Above }

// Codes of what is wrong with a cell.
const (
	codeNotNumber  = "checkup.not_number"
	codeRange      = "checkup.out_of_range"
	codeNotGrade   = "checkup.not_grade"
	codeNotFinding = "checkup.not_finding"
	codeNotChoice  = "checkup.not_choice"
	codeTooLong    = "checkup.cell_too_long"
	codeHidden     = "checkup.cell_hidden"
)

// maxText bounds a text cell in characters.
const maxText = 1000

// ParseValue reads a cell of an item. coded tells that the column carries JLAC10 result codes. The second
// result is the code of what is wrong, empty when nothing is.
func ParseValue(it *Item, cell string, coded bool) (Value, string) {
	if it.Kind == Numeric {
		if n, ok := ParseNum(cell); ok { // nearly all cells
			return inRange(it, Value{Kind: Number, Num: n}, cell)
		}
	}
	s := fold(cell)
	if s == "" {
		return Value{}, ""
	}
	if len(s) > 4*maxText || utf8.RuneCountInString(s) > maxText {
		return Value{}, codeTooLong
	}
	v, code := parseFolded(it, s, coded)
	if code == "" && cell != v.Show(it) {
		v.Original = strings.TrimSpace(cell)
	}
	if v.Kind == Empty {
		v.Original = ""
	}
	return v, code
}

func parseFolded(it *Item, s string, coded bool) (Value, string) {
	if it.Kind == Choice {
		if v, code := parseChoice(it, s, true); code == "" {
			return v, ""
		}
	}
	if it.Kind != Text {
		switch {
		case notDone[s], noMark[s] && (it.Kind == Numeric || it.Kind == Choice):
			return Value{Kind: NotDone}, ""
		case notMeasured[s]:
			return Value{Kind: NotMeasured}, ""
		}
	}
	switch it.Kind {
	case Numeric:
		return parseNumber(it, s)
	case Grade:
		return parseGrade(s, coded)
	case Finding:
		return parseFinding(it, s, coded)
	case Choice:
		return parseChoice(it, s, coded)
	default:
		return parseText(it, s, coded)
	}
}

// fold brings width and dashes to one form; the inside of texts keeps its characters.
func fold(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf || s[i] < ' ' {
			plain = false
			break
		}
	}
	if plain {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(dashes.Replace(norm.NFKC.String(s)))
}

var dashes = strings.NewReplacer("−", "-", "‐", "-", "–", "-", "―", "-", "‑", "-", "\r", " ", "\n", " ", "\t", " ", "〜", "~", "～", "~")

func words(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

var (
	notDone     = words("未実施 未検査 未施行 未測定 未受診 未 実施せず 検査せず 受診せず 施行せず 対象外 省略 非実施 該当なし")
	noMark      = words("- -- --- ー * ** *** / //") // how a body leaves out a figure; in urine a dash is a result
	notMeasured = words("測定不能 測定不可 計測不能 検査不能 検査不可 判定不能 判定不可 測定できず 検体不良 検体不足 採血不能 採血不可 採尿不能 採尿不可 溶血 乳び")
)

// Show writes the value as screens show it, without unit.
func (v Value) Show(it *Item) string {
	switch v.Kind {
	case Number:
		if it.Kind == Finding {
			return v.Num.Format(0) + "dB"
		}
		if d := decimalsOf(v.Num); d > it.Decimals {
			return v.Num.Format(min(d, 3))
		}
		return v.Num.Format(it.Decimals)
	case Below, Above:
		return v.bound(it)
	case GradeValue:
		return gradeNames[min(max(int(v.Num), 0), len(gradeNames)-1)]
	case FoundValue:
		return v.finding()
	case ChoiceValue:
		if n := int(v.Num); n >= 1 && n <= len(it.Choices) {
			return it.Choices[n-1]
		}
		return v.Num.String()
	case TextValue:
		return v.Text
	case NotMeasured:
		return "測定不能"
	case NotDone:
		return "未実施"
	}
	return ""
}

func decimalsOf(n Num) int {
	d := 0
	for d < 6 && n%step(d) != 0 {
		d++
	}
	return d
}

func (v Value) bound(it *Item) string {
	n := v.Num.Format(max(it.Decimals, min(decimalsOf(v.Num), 3)))
	switch {
	case v.Kind == Below && v.Incl:
		return n + "以下"
	case v.Kind == Below:
		return n + "未満"
	case v.Incl:
		return n + "以上"
	}
	return n + "超"
}

func (v Value) finding() string {
	switch {
	case v.Num == 0:
		return "所見なし"
	case v.Text == "":
		return "所見あり"
	}
	return "所見あり(" + v.Text + ")"
}
