package control

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestWorst(t *testing.T) {
	for _, c := range []struct {
		in   []Status
		want Status
	}{
		{nil, Unknown},
		{[]Status{Pass, Pass}, Pass},
		{[]Status{Pass, Exception}, Exception},
		{[]Status{Exception, Stale}, Stale},
		{[]Status{Stale, Unknown}, Unknown},
		{[]Status{Unknown, Fail, Pass}, Fail},
		{[]Status{Pass, "rubbish"}, Unknown},
	} {
		if got := Worst(c.in...); got != c.want {
			t.Errorf("Worst(%v) = %s, want %s", c.in, got, c.want)
		}
	}
}

func TestNewSetRefuses(t *testing.T) {
	probe := func(context.Context) (Evidence, error) { return Evidence{OK: true}, nil }
	good := Control{ID: "A", Clauses: []string{"1"}, Grades: []Grade{Real}, Says: "s", NotProven: "n", Owner: "DEV", Fresh: time.Hour, Every: time.Minute, Probe: probe, Mutant: probe}
	clauses := []Clause{{ID: "1"}}
	if _, err := NewSet(clauses, []Control{good}); err != nil {
		t.Fatalf("a good set is refused: %v", err)
	}
	for want, broken := range map[string]func(*Control){
		"unknown clause":     func(c *Control) { c.Clauses = []string{"1", "9"} },
		"has no control":     func(c *Control) { c.Clauses = nil },
		"lacks id":           func(c *Control) { c.NotProven = "" },
		"neither a probe":    func(c *Control) { c.Probe = nil },
		"able to fail":       func(c *Control) { c.Mutant = nil },
		"before it is stale": func(c *Control) { c.Every = 2 * time.Hour },
	} {
		c := good
		broken(&c)
		if _, err := NewSet(clauses, []Control{c}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if _, err := NewSet(clauses, []Control{good, good}); err == nil {
		t.Error("a duplicate control is accepted")
	}
}

func TestSaid(t *testing.T) {
	if Said(true, "断られました", "受け入れられました") != "断られました" || Said(false, "断られました", "受け入れられました") != "受け入れられました" {
		t.Error("an observation is told as its opposite")
	}
}
