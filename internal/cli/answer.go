package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"rakudos/internal/base/fault"
	"rakudos/internal/words"
)

// problem is how an error is told to a script; people get the same four things as lines.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Kept    string `json:"kept"`
	Next    string `json:"next"`
}

// reported is an error whose words have been printed already, as part of a result.
type reported struct{ error }

// fail prints what happened, what was kept and what to do, and returns the exit code.
func (s *stage) fail(err error) int {
	code := Failed
	if u := (usage{}); errors.As(err, &u) {
		code = Usage
	}
	if r := (reported{}); errors.As(err, &r) {
		return code
	}
	f := fault.Of(err)
	text := words.Fault(f)
	p := problem{f.Code, text.Message, text.Kept, text.Next}
	if s.json {
		_ = writeJSON(s.Err, p)
		return code
	}
	for _, line := range []string{p.Message, p.Kept, p.Next} {
		if line != "" {
			fmt.Fprintln(s.Err, line)
		}
	}
	fmt.Fprintf(s.Err, "(%s)\n", p.Code)
	if f.Err != nil { // the operator's own terminal: the cause helps, and faults carry no secrets
		fmt.Fprintf(s.Err, "  %v\n", f.Err)
	}
	return code
}

// answer prints a result, as JSON or by text.
func (s *stage) answer(v any, text func(io.Writer)) error {
	if s.json {
		return writeJSON(s.Out, v)
	}
	text(s.Out)
	return nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(v)
}

func overview(w io.Writer, all []command) {
	fmt.Fprint(w, "rakudos: 健康管理サービス\n\n使い方: rakudos <操作> [オプション]\n\n")
	for _, c := range all {
		fmt.Fprintf(w, "  %-20s %s\n", c.name, c.says)
	}
	fmt.Fprint(w, "\n各操作の説明と例: rakudos help <操作>\n終了コード: 0 完了、1 拒否または失敗、2 使い方の誤り\n")
}
