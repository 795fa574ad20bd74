package webtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

// promised are the controls that somebody must prove: grade Real with a probe.
func promised(set *control.Set) []control.Control {
	var out []control.Control
	for _, c := range set.Controls {
		if c.Probe != nil && slices.Contains(c.Grades, control.Real) {
			out = append(out, c)
		}
	}
	return out
}

// TestEveryProbeFindsThePromiseKeptAndTheMutantOut proves each promise over the network path, on both
// engines: the probe passes on the running service, and the same probe fails in its sabotaged sandbox.
func TestEveryProbeFindsThePromiseKeptAndTheMutantOut(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			all := promised(h.Statement.Set())
			if len(all) < 9 {
				t.Errorf("only %d controls are promised to be real", len(all))
			}
			for _, c := range all {
				t.Run("promise/"+c.ID, func(t *testing.T) { t.Attr(controltest.AttrPromise, c.ID) })
				t.Run(c.ID, func(t *testing.T) {
					controltest.Proves(t, c.ID, func(sabotaged bool) error {
						look := c.Probe
						if sabotaged {
							look = c.Mutant
						}
						return verdict(t.Context(), look)
					})
				})
			}
		})
	}
}

// verdict is nil when the promise holds. A probe that cannot look proves nothing either way, so that
// counts as a defect of the test, not as a mutant found.
func verdict(ctx context.Context, look control.Probe) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	e, err := look(ctx)
	if err != nil {
		panic(fmt.Sprintf("the probe could not look: %v", err))
	}
	if !e.OK {
		return errors.New(e.Measured)
	}
	return nil
}

// TestStatementStandsSoonAfterStart: everything that can be probed on one machine is PASS within 30 s, and
// nothing is PASS without evidence.
func TestStatementStandsSoonAfterStart(t *testing.T) {
	want := []string{"NET-TLS13", "AC-AUTHN", "AC-2STEP", "AC-SESSION", "AC-LEAST", "CR-REST", "LG-ACCESS", "LG-INTEGRITY", "TM-JST", "DOC-HISTORY"}
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			c := h.Site().New()
			defer c.Close()
			var missing []string
			for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
				s := trust(t, func() ([]byte, error) {
					p, err := c.GetJSON(t.Context(), "/trust.json")
					if err != nil {
						return nil, err
					}
					return p.Body, nil
				})
				if len(s.Clauses) != 49 {
					t.Fatalf("%d clauses, want 49", len(s.Clauses))
				}
				if missing = s.judge(t, want); len(missing) == 0 {
					return
				}
			}
			t.Errorf("not PASS 30 s after the start: %v", missing)
		})
	}
}

// published is the part of /trust.json that others script against.
type published struct {
	Clauses []struct {
		Clause   string `json:"clause"`
		Status   string `json:"status"`
		Controls []card `json:"controls"`
	} `json:"clauses"`
	Extensions []card `json:"extensions"`
}

type card struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	ObservedAt string `json:"observed_at"`
	NotProven  string `json:"not_proven"`
}

func trust(t *testing.T, get func() ([]byte, error)) (s published) {
	t.Helper()
	b, err := get()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return s
}

// judge returns which of the wanted controls are not PASS yet.
func (s published) judge(t *testing.T, want []string) []string {
	t.Helper()
	status := map[string]string{}
	for _, c := range s.Clauses {
		worst := control.Pass
		for _, k := range c.Controls {
			worst = control.Worst(worst, control.Status(k.Status))
			s.Extensions = append(s.Extensions, k)
		}
		if control.Status(c.Status) != worst {
			t.Errorf("clause %s is %s, its controls come to %s", c.Clause, c.Status, worst)
		}
	}
	for _, k := range s.Extensions {
		status[k.ID] = k.Status
		if k.Status == string(control.Pass) && k.ObservedAt == "" {
			t.Errorf("%s is PASS, but nobody looked", k.ID)
		}
		if k.NotProven == "" {
			t.Errorf("%s does not say what it does not prove", k.ID)
		}
	}
	return slices.DeleteFunc(slices.Clone(want), func(id string) bool { return status[id] == string(control.Pass) })
}
