package statement

import (
	"context"
	"time"

	"rakudos/internal/base/control"
)

// sighting is what this process saw last of a control, and whether it could write that down.
type sighting struct {
	Observation
	kept bool
}

// record writes an observation down. The page follows what was seen also when that fails: a promise that
// was just found broken must not stay green because the disk is full.
func (s *Service) record(ctx context.Context, o Observation) error {
	err := s.store.add(ctx, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[o.Control] = &sighting{o, err == nil}
	s.at = time.Time{}
	return err
}

// newest gives the observation of each control that counts. What another process or another build saw is
// history: it is shown with its time, and no longer vouches for the program that runs.
func (s *Service) newest(ctx context.Context, controls []string) (map[string]*Observation, error) {
	out, err := s.store.newest(ctx, controls)
	if err != nil {
		return nil, err
	}
	for id, o := range out {
		switch {
		case s.live:
			o.limit, o.why = control.Stale, "サービスを起動してからは、まだ検査していません（表示は前回の検査の結果です）。"
		case o.Build != s.cfg.Build:
			o.limit, o.why = control.Stale, "別の版のプログラムでの検査の結果です。"
		}
		out[id] = o
	}
	for _, id := range controls {
		n := s.seen[id]
		if n == nil {
			continue
		}
		o := n.Observation
		if stored := out[id]; n.kept && stored != nil && stored.ID == o.ID {
			o.Ref = stored.Ref
		}
		if !n.kept {
			o.limit, o.why = control.Unknown, "検査しましたが、結果を証拠として記録できませんでした。"
		}
		out[id] = &o
	}
	return out, nil
}
