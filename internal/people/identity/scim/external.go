package scim

import (
	"context"
	"net/http"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
)

// unused refuses the personnel system's own id of somebody else: whoever looks somebody up by it must find one person.
// It is sealed where it lies, so the database can't watch over it; until release nobody else is given it.
func (s *Service) unused(ctx context.Context, who actor.Actor, id ids.Account, external string) (release func(), err error) {
	if external == "" {
		return func() {}, nil
	}
	taken := problem(http.StatusConflict, "uniqueness", "externalId")
	name := string(who.Tenant) + " " + external
	s.mu.Lock()
	busy := s.taking[name]
	s.taking[name] = true
	s.mu.Unlock()
	if busy {
		return nil, taken
	}
	release = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.taking, name)
	}
	all, err := s.users(ctx, who)
	for _, u := range all {
		if u.external == external && u.ID != id {
			err = taken
		}
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}
