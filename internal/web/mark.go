package web

import (
	"fmt"

	"rakudos/internal/base/control"
)

// mark is a chip that says the same by letter, word and shape.
type mark struct {
	Class, Letter, Word string
	Shape               string // SVG path data in a 16×16 box
}

const (
	circle   = "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z"
	ring     = "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1zm0 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8z"
	triangle = "M8 1l7.5 14h-15z"
	diamond  = "M8 0l8 8-8 8-8-8z"
	cross    = "M1 1h14v14H1zm6 3v3H4v2h3v3h2V9h3V7H9V4z"
	bar      = "M1 6h14v4H1z"
)

var judgeMarks = map[string]mark{
	"A":    {"j-A", "A", "異常なし", circle},
	"B":    {"j-B", "B", "軽度異常", ring},
	"C":    {"j-C", "C", "要再検査・生活改善", triangle},
	"D":    {"j-D", "D", "要精密検査・治療", diamond},
	"E":    {"j-E", "E", "治療中", cross},
	"none": {"j-none", "", "未受診", bar},
	"":     {"j-none", "", "判定なし", bar},
}

// judgeOf gives the mark of a judgement; it takes any string type.
func judgeOf(letter any) mark {
	if m, ok := judgeMarks[fmt.Sprint(letter)]; ok {
		return m
	}
	return judgeMarks[""]
}

var statusMarks = map[control.Status]mark{
	control.Pass:      {"s-PASS", "", "確認済", circle},
	control.Fail:      {"s-FAIL", "", "不適合", diamond},
	control.Unknown:   {"s-UNKNOWN", "", "未確認", ring},
	control.Stale:     {"s-STALE", "", "期限切れ（要再確認）", triangle},
	control.Exception: {"s-EXCEPTION", "", "例外", cross},
}

// statusOfControl gives the mark of a control's or a clause's status.
func statusOfControl(s control.Status) mark {
	if m, ok := statusMarks[s]; ok {
		return m
	}
	return statusMarks[control.Unknown]
}
