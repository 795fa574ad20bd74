package statement

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rakudos/internal/base/control"
)

// Statement renders the document as of now.
func (s *Service) Statement(ctx context.Context) (Statement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.at.IsZero() && now.Sub(s.at) < keep {
		return s.rendered, nil
	}
	var names []string
	for _, c := range s.probed() {
		names = append(names, c.ID)
	}
	newest, err := s.newest(ctx, names)
	if err != nil {
		return Statement{}, err
	}
	index := func(o *Observation) *int64 {
		if o == nil || o.Ref == "" {
			return nil
		}
		if i, ok := s.cfg.Journal.Index(ctx, o.Ref); ok {
			return &i
		}
		return nil
	}
	s.rendered, s.at = s.render(newest, index, now), now
	return s.rendered, nil
}

// render is pure: the same evidence at the same instant gives the same document.
func (s *Service) render(newest map[string]*Observation, index func(*Observation) *int64, now time.Time) Statement {
	f := s.cfg.Figures
	cards := make(map[string]Card, len(s.set.Controls))
	for _, c := range s.set.Controls {
		k := card(c, newest[c.ID], now)
		k.LogIndex = index(newest[c.ID])
		cards[c.ID] = k
	}
	mutants(cards, s.set.Controls, newest, now)
	out := Statement{
		Service: f.Service, Version: s.cfg.Build, GeneratedAt: Moment{now},
		Title:   fmt.Sprintf("「%s」のセキュリティについて", f.Service),
		Edition: s.past.newest().Edition, History: s.past.editions(),
		Contact: Contact{f.Association, f.Mail, f.Form}, Extensions: []Card{},
	}
	for _, c := range s.set.Clauses {
		out.Clauses = append(out.Clauses, clause(c, s.set.Of(c.ID), cards))
	}
	head(out.Clauses)
	for _, c := range s.set.Extensions() {
		out.Extensions = append(out.Extensions, cards[c.ID])
	}
	for _, c := range out.Clauses {
		out.Counts.add(c.Status)
	}
	out.Status, out.StatusText = out.Clauses[0].Status, out.Clauses[0].StatusText
	for _, c := range chapters {
		part := Chapter{Number: c.number, Title: c.title}
		for _, k := range out.Clauses {
			if k.Chapter == c.number {
				part.Clauses = append(part.Clauses, k)
			}
		}
		out.Chapters = append(out.Chapters, part)
	}
	return out
}

// clause says what its controls say and takes the worst of them.
func clause(c control.Clause, by []control.Control, cards map[string]Card) Clause {
	number, _, _ := strings.Cut(c.ID, "-")
	out := Clause{ID: c.ID, Chapter: number, Title: c.Title, Interpretation: c.Interpretation}
	var all []control.Status
	for _, k := range by {
		out.Says += k.Says
		out.Controls = append(out.Controls, cards[k.ID])
		all = append(all, cards[k.ID].Status)
	}
	out.Status = control.Worst(all...)
	out.StatusText = statusWords[out.Status]
	return out
}

// head turns the first clause, and its card, into the roll-up over all others.
func head(clauses []Clause) {
	var own, others []control.Status
	for _, k := range clauses[0].Controls {
		own = append(own, k.Status)
	}
	for _, c := range clauses[1:] {
		others = append(others, c.Status)
	}
	status, text, why := rollUp(own, others)
	clauses[0].Status, clauses[0].StatusText = status, text
	for i := range clauses[0].Controls {
		k := &clauses[0].Controls[i]
		k.Status, k.StatusText, k.Reason = status, text, why+k.Reason
	}
}

func (c *Counts) add(s control.Status) {
	c.Total++
	switch s {
	case control.Pass:
		c.Pass++
	case control.Fail:
		c.Fail++
	case control.Stale:
		c.Stale++
	case control.Exception:
		c.Exception++
	default:
		c.Unknown++
	}
}
