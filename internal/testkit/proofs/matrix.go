package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// proof is one finished run of controltest.Proves.
type proof struct {
	control, engine, pkg, test string
	ok                         bool
}

// row is what one control has on each engine: "" nothing, "pass" or "FAIL".
type row struct {
	control  string
	promised bool
	free     bool // engine-free by declaration
	engines  map[string]string
	tests    []string
}

type matrix []row

func (s *stream) matrix(engineFree map[string]string) matrix {
	rows := map[string]*row{}
	at := func(id string) *row {
		if rows[id] == nil {
			rows[id] = &row{control: id, engines: map[string]string{}}
			_, rows[id].free = engineFree[id]
		}
		return rows[id]
	}
	for id := range s.promised {
		at(id).promised = true
	}
	for _, p := range s.proofs {
		r := at(p.control)
		switch {
		case !p.ok:
			r.engines[p.engine] = "FAIL" // one failing proof outweighs any passing one
		case r.engines[p.engine] == "":
			r.engines[p.engine] = "pass"
		}
		if t := p.pkg + "." + p.test; !slices.Contains(r.tests, t) {
			r.tests = append(r.tests, t)
		}
	}
	var m matrix
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		slices.Sort(rows[id].tests)
		m = append(m, *rows[id])
	}
	return m
}

func (r row) proven() bool {
	if slices.Contains(slices.Collect(maps.Values(r.engines)), "FAIL") {
		return false
	}
	both := r.engines["sqlite"] == "pass" && r.engines["postgres"] == "pass"
	return both || r.free && r.engines["none"] == "pass"
}

// lacking says what is missing, one line for each promise.
func (m matrix) lacking() []string {
	var out []string
	if m.promises() == 0 {
		out = append(out, "no promise was announced: the test that lists the controls did not run")
	}
	for _, r := range m {
		if !r.promised || r.proven() {
			continue
		}
		var has []string
		for _, e := range []string{"sqlite", "postgres", "none"} {
			if v := r.engines[e]; v != "" {
				has = append(has, e+" "+v)
			}
		}
		if len(has) == 0 {
			has = []string{"nothing"}
		}
		out = append(out, fmt.Sprintf("control %s lacks a passing proof on both engines (has: %s)", r.control, strings.Join(has, ", ")))
	}
	return out
}

func (m matrix) promises() int { return m.count(func(r row) bool { return r.promised }) }
func (m matrix) proven() int   { return m.count(func(r row) bool { return r.promised && r.proven() }) }

func (m matrix) count(is func(row) bool) (n int) {
	for _, r := range m {
		if is(r) {
			n++
		}
	}
	return n
}

func (m matrix) markdown() string {
	var b strings.Builder
	b.WriteString("# Proof matrix\n\nWhich test proved which control in this run: each passed with the real policy and failed with the sabotaged one.\n\n")
	b.WriteString("| control | promised | SQLite | PostgreSQL | no engine | tests |\n|---|---|---|---|---|---|\n")
	dash := func(s string) string {
		if s == "" {
			return "–"
		}
		return s
	}
	for _, r := range m {
		promised := "–"
		if r.promised {
			promised = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.control, promised,
			dash(r.engines["sqlite"]), dash(r.engines["postgres"]), dash(r.engines["none"]), strings.Join(r.tests, "<br>"))
	}
	return b.String()
}
