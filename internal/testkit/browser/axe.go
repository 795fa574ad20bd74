package browser

import (
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
)

// Finding is one rule of axe-core that the page breaks.
type Finding struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Where  []string `json:"where"`
}

func (f Finding) String() string {
	return fmt.Sprintf("%s (%s): %s: %s", f.ID, f.Impact, f.Help, strings.Join(f.Where, " | "))
}

var axeSource = sync.OnceValues(func() (string, error) {
	_, here, _, _ := goruntime.Caller(0)
	b, err := os.ReadFile(filepath.Join(filepath.Dir(here), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return "", fmt.Errorf("browser: axe-core is not installed (`make needs` does): %w", err)
	}
	return string(b), nil
})

// axeRun asks for WCAG 2.x A and AA and the best practices. Only the browser's debugger evaluates it: the
// page's own content security policy stays in force.
const axeRun = `axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
 .then(r => r.violations.map(v => ({id: v.id, impact: v.impact || '', help: v.help, where: v.nodes.slice(0, 5).map(n => n.target.join(' '))})))`

// Axe examines the page and returns the findings of impact serious and critical.
func (p *Page) Axe() []Finding {
	p.t.Helper()
	source, err := axeSource()
	if err != nil {
		if os.Getenv("CI") == "true" {
			p.t.Fatal(err)
		}
		p.t.Skip(err)
	}
	if !Eval[bool](p, "'axe' in window") { // half a megabyte, once a page
		Eval[int](p, source+";0")
	}
	var out []Finding
	for _, f := range Eval[[]Finding](p, axeRun) {
		if f.Impact == "serious" || f.Impact == "critical" {
			out = append(out, f)
		}
	}
	return out
}

// AxeVersion is the version of the installed axe-core, or "" without one.
func AxeVersion() string {
	source, err := axeSource()
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(source, "axe v")
	version, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(version)
}
