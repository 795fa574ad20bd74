package backup

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
)

// silentAfter is how old the newest shipped commit may be while this process says that WAL arrives: more than a
// shipping that stands still takes to be told (lateAfter).
const silentAfter = 30 * time.Minute

// pointNow holds what lies in the place at this moment against what this process says of the WAL: a stream that
// stopped without a word, and a file that was left out without one, are no recovery to any instant.
func (s *Service) pointNow(ctx context.Context, e *control.Evidence) error {
	now, ok := s.Standing()
	if !ok {
		return nil
	}
	e.Measured += s.standingSays()
	h, st, err := s.reach(ctx)
	if err != nil || h == nil {
		return err
	}
	fail := func(format string, a ...any) { e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf(format, a...)) }
	if now.Made && time.Since(now.Since) > silentAfter && (st == nil || time.Since(st.Until) > silentAfter) {
		fail("WAL を受け取っているはずですが、%d分を超えて届いていません。", int(silentAfter/time.Minute))
	}
	c, err := s.shelf.list(ctx, Base)
	if err != nil {
		return err
	}
	all, err := s.shelf.windows(ctx, c.sets)
	if err != nil {
		return err
	}
	for _, l := range lost(all) {
		e.Measured += l.String() + "の時刻には戻せません。"
	}
	told, err := s.toldGaps(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if w.Gap != "" && !told.After(w.From) {
			fail("WAL のファイル %s がないか壊れているのに、途切れた記録がありません。", w.Gap)
			break
		}
	}
	return nil
}

// toldGaps is when the newest gap in the WAL was told; zero: none.
func (s *Service) toldGaps(ctx context.Context) (at time.Time, err error) {
	all, err := s.o.Log.Find(ctx, actor.System(ids.System, "probe"), audit.Filter{Verb: "backup.wal_gap", Limit: 1})
	if err == nil && len(all) > 0 {
		at = all[0].At
	}
	return at, err
}

// standingSays tells when no WAL arrives at this moment, whatever the night's drill found.
func (s *Service) standingSays() string {
	now, ok := s.Standing()
	if !ok || now.Made || now.Why == "" {
		return ""
	}
	return "いまは" + jst.Stamp(now.Since) + "から、" + why(now.Why) + "。"
}

// mutantPoint is the service as if its WAL had been shipped without one file, where there is any to leave out: the
// probe must find that out from what lies there. ok is false where there is none.
func (s *Service) mutantPoint(ctx context.Context) (e control.Evidence, ok bool, err error) {
	if s.o.Physical == nil {
		return e, false, nil
	}
	c, err := s.shelf.list(ctx, Base)
	if err != nil || len(c.sets) == 0 {
		return e, false, err
	}
	all, err := s.shelf.windows(ctx, c.sets)
	if err != nil || all[0].Gap != "" || all[0].Files < 2 {
		return e, false, err
	}
	told, err := s.toldGaps(ctx)
	if err != nil || told.After(all[0].From) {
		return e, false, err // a gap that was told is no failure
	}
	m := &Service{o: s.o, shelf: s.shelf, busy: s.busy, basing: s.basing, checked: map[string]time.Time{}}
	m.standing, _ = s.Standing()
	m.o.Target = without{s.o.Target, walFolder(c.sets[0].Base.System) + c.sets[0].Base.First}
	m.shelf.store = m.o.Target
	e, err = m.probeDrill(ctx)
	return e, true, err
}

// without is a place that lacks one file.
type without struct {
	blob.Store
	file string
}

func (w without) List(ctx context.Context, prefix string) ([]string, error) {
	names, err := w.Store.List(ctx, prefix)
	return slices.DeleteFunc(names, func(n string) bool { return n == w.file }), err
}
