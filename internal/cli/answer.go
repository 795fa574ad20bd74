package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
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
			fmt.Fprintln(s.Err, glyph.Shown(line))
		}
	}
	fmt.Fprintf(s.Err, "(%s)\n", p.Code)
	if f.Err != nil { // the operator's own terminal: the cause helps, and faults carry no secrets
		fmt.Fprintf(s.Err, "  %s\n", glyph.Shown(cause(f.Err)))
	}
	return code
}

// cause tells in words why a file could not be used, and anything else as it is.
func cause(err error) string {
	p := (*fs.PathError)(nil)
	switch {
	case errors.As(err, &p) && errors.Is(err, fs.ErrNotExist):
		return p.Path + " がありません。"
	case errors.As(err, &p) && errors.Is(err, fs.ErrPermission):
		return p.Path + " を使う権限がありません。"
	}
	return err.Error()
}

// answer prints a result, as JSON or by text.
func (s *stage) answer(v any, text func(io.Writer)) error {
	if s.json {
		return writeJSON(s.Out, v)
	}
	text(plain{s.Out})
	return nil
}

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escaped(inJapan(b.Bytes())))
	return err
}

func overview(w io.Writer, all []command) {
	fmt.Fprint(w, "rakudos: 健康管理サービス\n\n使い方: rakudos <操作> [オプション]\n\n")
	for _, c := range all {
		fmt.Fprintf(w, "  %-22s %s\n", c.name, c.says)
	}
	fmt.Fprint(w, "\n各操作の説明と例: rakudos help <操作>\n終了コード: 0 完了、1 拒否または失敗、2 使い方の誤り\n")
}
