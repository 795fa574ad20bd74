package org

import (
	"context"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// EachHistory hands what became of people to fn, oldest first, for the hand-over of an employer's records
// (clause 6-2). The reading is recorded with whom it was about.
func (s *Service) EachHistory(ctx context.Context, a actor.Actor, people []ids.Person, fn func(ids.Person, []Event) error) error {
	if err := s.guard.Require(a, permChange); err != nil {
		return err
	}
	const batch = 200
	for some := range slices.Chunk(people, batch) {
		if err := s.record(ctx, a, "person.history", "person.history", some, map[string]any{"shown": len(some)}); err != nil {
			return err
		}
		for _, p := range some {
			var events []Event
			err := s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
				events, err = db.All(tx, qHistory, scanEvent, a.Tenant, p)
				return err
			})
			if err != nil {
				return err
			}
			if err := fn(p, events); err != nil {
				return err
			}
		}
	}
	return nil
}
