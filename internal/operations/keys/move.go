package keys

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Now does a rotation at once, for the command line. One of the same kind that was broken off is finished
// instead of beginning another.
func (s *Service) Now(ctx context.Context, who actor.Actor, r Request, watch func(*Work)) (*Work, error) {
	if err := s.o.Guard(who, PermissionRotate); err != nil {
		return nil, err
	}
	open, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range open {
		if w.Kind == r.Kind && w.Person == r.Person && (w.Tenant == r.Tenant || r.Tenant == "" && w.Tenant == ids.System) {
			return w, s.Do(ctx, w, watch)
		}
	}
	w, err := s.Begin(ctx, who, r)
	if err != nil {
		return nil, err
	}
	return w, s.Do(ctx, w, watch)
}

// MoveRoot brings everything under another root key: each piece is wrapped, opened again and compared, and
// all are exchanged in one transaction. Copies of the key store that only the old root key opens are
// replaced by the next backup, which the caller's configuration must make under the new one.
func (s *Service) MoveRoot(ctx context.Context, who actor.Actor, to vault.Root, reason string, tell vault.Tell) (names [2]string, err error) {
	if err := s.o.Guard(who, PermissionRotate); err != nil {
		return names, err
	}
	if reason, err = reasonOf(reason); err != nil {
		return names, err
	}
	if names[0], err = s.o.Vault.RootName(ctx); err != nil {
		return names, err
	}
	if names[1], err = to.Current(ctx); err != nil {
		return names, err
	}
	if names[0] == names[1] {
		return names, fault.New(fault.Invalid, "keys.same_root")
	}
	// The event comes first: should the move fail, the log says that it was tried.
	w := &Work{Kind: Move, Tenant: ids.System, From: names[0]}
	note := func(verb string) error {
		return s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
			return s.record(tx, who, verb, w, map[string]any{"reason": reason, "to": names[1]})
		})
	}
	if err := note("key.root_move_begun"); err != nil {
		return names, err
	}
	if err := s.o.Vault.MoveRoot(ctx, to, tell); err != nil {
		return names, err
	}
	if _, err := settle(ctx, s.o.Keys); err != nil {
		return names, err
	}
	return names, note("key.root_moved")
}
