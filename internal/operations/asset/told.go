package asset

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
)

// What the service enters by itself stands in its plan. What somebody answers for, and what was disposed of, stands in
// the ledger's rows alone, which whoever writes into the records could add, change or take away: it counts only as the
// audit log tells it (ADR 21).

const (
	verbClaimed  = "asset.claimed"
	verbDisposed = "asset.disposed"
	verbAsked    = "asset.disposal_asked"
	verbDecided  = "asset.disposal_decided"
)

// told is what the log says of resources that no plan foresees: by whom each was claimed last, and whether it was
// disposed of since.
type told struct {
	claimed  map[string]string // by account
	disposed map[string]bool
}

func (s *Service) told(ctx context.Context) (told, error) {
	t := told{claimed: map[string]string{}, disposed: map[string]bool{}}
	seq := map[string]int64{}
	err := s.events(ctx, verbClaimed, func(e audit.Entry) {
		id, _ := e.Detail["asset"].(string)
		if _, later := t.claimed[id]; !later && e.Result == "ok" {
			t.claimed[id], seq[id] = string(e.Actor.Account), e.Seq
		}
	})
	if err != nil {
		return t, err
	}
	return t, s.events(ctx, verbDisposed, func(e audit.Entry) {
		id, _ := e.Detail["asset"].(string)
		if e.Result == "ok" && e.Seq > seq[id] {
			t.disposed[id] = true
		}
	})
}

// events hands out every event of a verb, the newest first.
func (s *Service) events(ctx context.Context, verb string, fn func(audit.Entry)) error {
	f := audit.Filter{Verb: verb, Limit: 1000}
	for {
		found, err := s.o.Log.Find(ctx, actor.System(ids.System, "assets"), f)
		if err != nil {
			return err
		}
		for _, e := range found {
			f.Before = e.Seq
			fn(e)
		}
		if len(found) < f.Limit {
			return nil
		}
	}
}

// approved tells whether the log knows that one person asked for this disposal of this resource, and that another one,
// whom the row names, approved it, with nothing decided since. An approval that was written into the row is none.
func (s *Service) approved(ctx context.Context, d *Disposal) (ok bool, err error) {
	var asker, decider string
	err = s.events(ctx, verbAsked, func(e audit.Entry) {
		if e.Detail["disposal"] == d.ID && e.Detail["asset"] == d.Asset {
			asker = string(e.Actor.Account)
		}
	})
	if err != nil {
		return false, err
	}
	decided := false
	err = s.events(ctx, verbDecided, func(e audit.Entry) { // the newest first
		if e.Detail["disposal"] == d.ID && e.Result == "ok" && !decided {
			decided = true
			if e.Detail["state"] == Approved {
				decider = string(e.Actor.Account)
			}
			if e.At.Before(d.DecidedAt) { // a later day in the row lets no approval live longer
				d.DecidedAt = e.At
			}
		}
	})
	return asker != "" && decider != "" && asker != decider && string(d.AskedBy) == asker && string(d.DecidedBy) == decider, err
}

// believed is the ledger without the lines that nobody has entered here, with those live again that nobody has disposed
// of, and with those that the plan or the log tells of and that are gone: what they name is an orphan, or has vanished.
func (s *Service) believed(all []Entry, t told) (out []Entry) {
	there := map[string]bool{}
	for _, e := range all {
		there[e.ID] = true
		rule, own := planned(s.o.Plan, e.ID)
		if by, known := t.claimed[e.ID]; !own && e.CreatedBy != "service" && (!known || by != e.CreatedBy) {
			continue
		}
		if !t.disposed[e.ID] && (own && !rule.Optional || !own && e.CreatedBy != "service") {
			e.DisposedAt = time.Time{}
		}
		out = append(out, e)
	}
	lost := func(id string) {
		if kind, _, _ := strings.Cut(id, ":"); !there[id] {
			out = append(out, Entry{ID: id, Kind: Kind(kind), Name: id, Class: Internal, Owner: "ITSM", Disposal: byOverwrite})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.claimed)) {
		if !t.disposed[id] && !OfProbe(id) {
			lost(id)
		}
	}
	for _, r := range s.o.Plan {
		if !r.Optional && !strings.HasSuffix(r.Prefix, "*") {
			lost(r.Prefix)
		}
	}
	return out
}
