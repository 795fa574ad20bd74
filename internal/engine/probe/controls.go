package probe

import (
	"context"

	"rakudos/internal/base/control"
)

// Pair is a control's probe, which looks at the running service, and its mutant: the same look at a sandbox with one
// protection off.
func Pair(s Stage, sabotage string, look func(context.Context, *Site) (control.Evidence, error)) (live, mutant control.Probe) {
	live = func(ctx context.Context) (control.Evidence, error) {
		site, err := s.Live(ctx)
		if err != nil {
			return control.Evidence{}, err
		}
		return look(ctx, site)
	}
	mutant = func(ctx context.Context) (control.Evidence, error) {
		site, done, err := s.Sandbox(ctx, sabotage)
		if err != nil {
			return control.Evidence{}, err
		}
		defer done()
		return look(ctx, site)
	}
	return live, mutant
}
