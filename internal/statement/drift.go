package statement

import (
	"regexp"
	"slices"
	"strings"
)

// Drift is what stands between the words of today and those of the newest edition.
type Drift struct {
	Figures []string // clauses whose figures differ, and clauses and controls that are gone: a new edition is due
	Words   []string // clauses whose words differ while their figures agree, and what was added
}

// Drift compares today's words with the newest edition.
func (s *Service) Drift() Drift { return drift(s.cfg.Figures, s.past.last, s.Document()) }

// figure is a run of digits with what may stand inside one number or time: 23:00, 1.3, 2026-12-30, +0900.
var figure = regexp.MustCompile(`\d+(?:[.:\-]\d+)*`)

// figuresIn lists the numbers of a text, without those in the names that are configuration.
func figuresIn(text string, names *strings.Replacer) []string {
	return figure.FindAllString(names.Replace(text), -1)
}

// drift compares today's words with a published edition. Names (of the service, the association, addresses)
// are configuration and no figures.
func drift(f Figures, edition, today Document) Drift {
	var d Drift
	names := nameless(f)
	compare := func(what string, old, now []DocumentClause) {
		for _, o := range old {
			i := slices.IndexFunc(now, func(n DocumentClause) bool { return n.ID == o.ID })
			if i < 0 {
				d.Figures = append(d.Figures, what+o.ID+"：なくなりました")
				continue
			}
			n := now[i]
			for _, id := range o.Controls {
				if !slices.Contains(n.Controls, id) {
					d.Figures = append(d.Figures, what+o.ID+"："+id+" がなくなりました")
				}
			}
			a, b := figuresIn(o.Says+o.Interpretation, names), figuresIn(n.Says+n.Interpretation, names)
			switch {
			case !slices.Equal(a, b):
				d.Figures = append(d.Figures, what+o.ID+"：数値が「"+strings.Join(a, "、")+"」から「"+strings.Join(b, "、")+"」に変わっています")
			case o.Says != n.Says || o.Interpretation != n.Interpretation || o.Title != n.Title || len(o.Controls) != len(n.Controls):
				d.Words = append(d.Words, what+o.ID)
			}
		}
		for _, n := range now {
			if !slices.ContainsFunc(old, func(o DocumentClause) bool { return o.ID == n.ID }) {
				d.Words = append(d.Words, what+n.ID)
			}
		}
	}
	compare("", edition.Clauses, today.Clauses)
	compare("追加対策 ", edition.Extensions, today.Extensions)
	return d
}

func nameless(f Figures) *strings.Replacer {
	var pairs []string
	for _, n := range []string{f.Form, f.Mail, f.HomePage, f.Service, f.Association, f.Cloud} {
		if n != "" {
			pairs = append(pairs, n, "")
		}
	}
	return strings.NewReplacer(pairs...)
}
