package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/health/checkup"
	"rakudos/internal/statement"
	"rakudos/internal/words"
)

//go:embed view
var viewFiles embed.FS

// views holds one parsed template a page: layout and parts joined with the page's own file.
type views struct{ byName map[string]*template.Template }

func loadViews(a *assets) (*views, error) {
	funcs := template.FuncMap{
		"asset":    a.path,
		"day":      func(d jst.Date) template.HTML { return unbroken(day(d)) },
		"stamp":    func(t time.Time) template.HTML { return unbroken(stamp(t)) },
		"micros":   time.Time.UnixMicro,
		"iso":      jst.StampSec,
		"clock":    clockTime,
		"days":     daysLeft,
		"judge":    judgeOf,
		"review":   reviewState,
		"status":   statusOfControl,
		"group":    group,
		"joint":    joint,
		"class":    classWord,
		"owner":    statement.OwnerText,
		"add":      func(a, b int) int { return a + b },
		"list":     func(v ...any) []any { return v },
		"join":     strings.Join,
		"standing": func(state string) string { return words.AccountStates[state] },
	}
	base, err := template.New("layout").Funcs(funcs).ParseFS(viewFiles, "view/layout.html", "view/parts.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(viewFiles, "view/*.html")
	if err != nil {
		return nil, err
	}
	v := &views{map[string]*template.Template{}}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(viewFiles, f)
		}
		if err != nil {
			return nil, fmt.Errorf("web: view %s: %w", name, err)
		}
		v.byName[name] = t
	}
	return v, nil
}

func (v *views) render(w io.Writer, view Viewer) error {
	t, ok := v.byName[view.Template()]
	if !ok {
		return fmt.Errorf("web: no view %q", view.Template())
	}
	return t.ExecuteTemplate(w, "layout", view)
}

// joint tells a cell that is a judgement over other items and has no value of its own.
func joint(c checkup.Cell) bool {
	return c.Letter != "" && c.Num == nil && strings.HasPrefix(c.Text, string(c.Letter)+"（")
}

// day prints a civil date for tables; the zero date is a dash.
func day(d jst.Date) string {
	if d.IsZero() {
		return "—"
	}
	return d.String()
}

// stamp prints an instant in JST; the zero time is a dash.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return jst.Stamp(t)
}

// unbroken keeps a date on one line of a page: browsers break after a hyphen between digits. In an attribute the
// template leaves the element out. The text is made of digits and marks of the program's own.
func unbroken(date string) template.HTML {
	return template.HTML(`<span class="nowrap">` + template.HTMLEscapeString(date) + `</span>`) //nolint:gosec // escaped
}

// clockTime prints the time of day in JST.
func clockTime(t time.Time) string { return t.In(jst.Zone).Format("15:04") }

// daysLeft puts a count-down into words.
func daysLeft(n int) string {
	switch {
	case n < 0:
		return "期限を" + strconv.Itoa(-n) + "日過ぎています"
	case n == 0:
		return "今日が期限です"
	}
	return "あと" + strconv.Itoa(n) + "日"
}

// group prints a number with thousands separated.
func group(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
