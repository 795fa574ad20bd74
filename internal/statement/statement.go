// Package statement is the security statement: the 49 clauses, the controls that keep them, their newest
// evidence and the words made from both. It must never show PASS where no probe ran, nor a figure that
// the program does not use.
package statement

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
)

// ProbeTimeout bounds one run of a probe, and one of its mutant.
const ProbeTimeout = 30 * time.Second

// keep is how long a rendered statement is answered again: the page is public and must be cheap.
const keep = time.Second

// Config is what the statement is made of besides the controls.
type Config struct {
	DB         *db.DB
	Journal    Journal
	Binder     Binder
	Stage      probe.Stage // nil: nothing can be probed over the network (CLI on a stopped service)
	Build      string      // version of the program
	Figures    Figures
	ReportFile string              // signed report of the accessibility tests; empty: none
	ReportKey  string              // file with the public key (base64) that the report must be signed with
	Turn       func(id string) int // a control's place in the first round after a start; nil: as in the catalogue
	Log        *slog.Logger
}

// Service renders the statement and keeps its evidence fresh.
type Service struct {
	cfg   Config
	set   *control.Set
	read  reader // of the history
	past  past
	store store
	ready atomic.Bool

	mu       sync.Mutex
	live     bool                 // Run has begun: only what was seen since then counts as it is
	seen     map[string]*sighting // newest of each control
	rendered Statement
	at       time.Time
}

// New joins the built controls with those of this package (DOC-HISTORY, AX-A11Y) and the pending ones.
func New(cfg Config, built []control.Control) (*Service, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	p, err := openPast(published)
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, read: published, past: p, store: store{cfg.DB, cfg.Journal, cfg.Binder}, seen: map[string]*sighting{}}
	own := []control.Control{s.historyControl(), s.accessibilityControl()}
	s.set, err = Assemble(cfg.Figures, append(slices.Clone(own), built...))
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Set is the complete catalogue.
func (s *Service) Set() *control.Set { return s.set }

// Ready tells whether every probe has run once since Run began.
func (s *Service) Ready() bool { return s.ready.Load() }

// Run keeps the evidence fresh until ctx ends and nothing runs any more.
func (s *Service) Run(ctx context.Context) error {
	s.mu.Lock()
	s.live, s.at = true, time.Time{}
	s.mu.Unlock()
	schedule(ctx, s.probed(), s.run, func() { s.ready.Store(true) })
	return nil
}

// RunOnce runs one control's probe and mutant now and shows the result.
func (s *Service) RunOnce(ctx context.Context, id string) (Card, error) {
	i := slices.IndexFunc(s.set.Controls, func(c control.Control) bool { return c.ID == id })
	if i < 0 {
		return Card{}, fault.New(fault.Missing, "statement.control_unknown", "control", id)
	}
	c := s.set.Controls[i]
	if c.Probe == nil {
		return card(c, nil, time.Now()), nil
	}
	o, err := observe(ctx, c, s.cfg.Build, ProbeTimeout)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "probe", "control", id, "err", err)
	}
	if err := s.record(ctx, o); err != nil {
		return Card{}, err
	}
	return card(c, &o, time.Now()), nil
}

// run is one scheduled run. What was cut short by the end of the service is no evidence.
func (s *Service) run(ctx context.Context, c control.Control) outcome {
	o, err := observe(ctx, c, s.cfg.Build, ProbeTimeout)
	if ctx.Err() != nil {
		return unsure
	}
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "probe", "control", c.ID, "err", err)
	}
	if o.Result == Broken { // whatever becomes of the record
		s.cfg.Log.ErrorContext(ctx, "promise broken", "control", c.ID, "measured", o.Measured, "failed", o.Failed)
	}
	if err := s.record(ctx, o); err != nil {
		s.cfg.Log.ErrorContext(ctx, "evidence not recorded", "control", c.ID, "err", err)
		return unsure
	}
	switch {
	case o.Result == Broken:
		return broken
	case o.Result == Failed || c.Mutant != nil && o.Mutant != Caught:
		return unsure
	}
	return fine
}

// FirstRound names the controls that are looked at, in the order in which a start begins with them.
func (s *Service) FirstRound() (all []string) {
	for _, c := range s.probed() {
		all = append(all, c.ID)
	}
	return all
}

// probed are the controls that have a probe.
func (s *Service) probed() []control.Control {
	out := slices.DeleteFunc(slices.Clone(s.set.Controls), func(c control.Control) bool { return c.Probe == nil })
	if turn := s.cfg.Turn; turn != nil {
		slices.SortStableFunc(out, func(x, y control.Control) int { return cmp.Compare(turn(x.ID), turn(y.ID)) })
	}
	return out
}
