package probe

import (
	"context"
	"errors"
	"testing"

	"rakudos/internal/base/control"
)

// staged has a running site and one sandbox, which counts how often it was taken down.
type staged struct {
	live, broken *Site
	asked        string
	down         int
}

func (s *staged) Live(context.Context) (*Site, error) {
	if s.live == nil {
		return nil, errors.New("away")
	}
	return s.live, nil
}

func (s *staged) Sandbox(_ context.Context, sabotage string) (*Site, func(), error) {
	if s.asked = sabotage; s.broken == nil {
		return nil, nil, errors.New("away")
	}
	return s.broken, func() { s.down++ }, nil
}

func TestPair(t *testing.T) {
	s := &staged{live: &Site{Base: "live"}, broken: &Site{Base: "broken"}}
	live, mutant := Pair(s, "one", func(_ context.Context, site *Site) (control.Evidence, error) {
		return control.Evidence{OK: site == s.live, Measured: site.Base}, nil
	})
	if e, err := live(t.Context()); err != nil || !e.OK || e.Measured != "live" || s.asked != "" {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err := mutant(t.Context()); err != nil || e.OK || e.Measured != "broken" || s.asked != "one" || s.down != 1 {
		t.Errorf("%+v, %v, %+v", e, err, s)
	}
	s.live, s.broken = nil, nil
	for _, look := range []control.Probe{live, mutant} {
		if e, err := look(t.Context()); err == nil || e.OK {
			t.Errorf("nobody could look, and it passes: %+v", e)
		}
	}
}
