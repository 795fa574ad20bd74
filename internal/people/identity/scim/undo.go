package scim

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// What an act is about: of many about the same thing only the oldest knows how it was before.
const (
	aboutState = iota // who can sign in comes first, names and addresses last
	aboutRole
	aboutName
	aboutEmail
)

var abouts = map[string]int{made: aboutState, stopped: aboutState, resumed: aboutState, given: aboutRole, taken: aboutRole, renamed: aboutName, readdr: aboutEmail}

// thing is one thing about one account, with everything that a token has done to it.
type thing struct {
	first Act
	acts  []string
}

type thingKey struct {
	about   int
	account ids.Account
	role    string
}

// Undo revokes a token and takes back what it has done since: whom it made is stopped, whom it stopped comes back,
// names, waiting addresses and roles are as they were. It looks at every act, however many there are: noise afterwards
// hides none. It says how many acts could not be taken back, such as those about somebody who was erased.
func (s *Service) Undo(ctx context.Context, a actor.Actor, token string, since time.Time) (undone, left int, err error) {
	if _, err := s.Acts(ctx, a, token, since); err != nil { // permission, and whose token it is
		return 0, 0, err
	}
	if err := s.RevokeToken(ctx, a, token); err != nil && !fault.Is(err, fault.Missing) {
		return 0, 0, err
	}
	all, err := s.things(ctx, a.Tenant, token, since)
	if err != nil {
		return 0, 0, err
	}
	for _, one := range all {
		switch err := s.takeBack(ctx, a, one.first); {
		case fault.Is(err, fault.Conflict), fault.Is(err, fault.Missing), fault.Is(err, fault.Invalid), fault.Is(err, fault.Denied):
			left += len(one.acts)
			continue
		case err != nil:
			return undone, left, err
		}
		now := db.Micros(time.Now())
		for chunk := range slices.Chunk(one.acts, 500) {
			if err := s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
				for _, id := range chunk {
					if _, err := tx.Exec(qActUndone, a.Tenant, id, now); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return undone, left, err
			}
		}
		undone += len(one.acts)
	}
	return undone, left, s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		return s.record(tx, "scim.undone", a, "ok", map[string]any{"token": token, "undone": undone, "left": left})
	})
}

// things reads every act that is not taken back yet, the oldest first, and gathers those about the same.
func (s *Service) things(ctx context.Context, t ids.Tenant, token string, since time.Time) ([]*thing, error) {
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	found := map[thingKey]*thing{}
	var keys []thingKey
	at, last := db.Micros(since), ""
	for {
		n := 0
		if err := s.DB.View(ctx, t, func(tx *db.Tx) error {
			n = 0
			return db.Each(tx, qActsOpen, func(r db.Scanner) error {
				var one Act
				var sealed []byte
				var done int64
				if err := r.Scan(&one.ID, &one.Account, &one.What, &sealed, &done); err != nil {
					return err
				}
				plain, err := k.Open(actAt(one.ID), sealed)
				if err != nil {
					return err
				}
				one.Before, one.DoneAt = string(plain), db.Time(done)
				key := thingKey{about: abouts[one.What], account: one.Account}
				if key.about == aboutRole {
					key.role = one.Before
				}
				if found[key] == nil {
					found[key] = &thing{first: one}
					keys = append(keys, key)
				}
				found[key].acts = append(found[key].acts, one.ID)
				at, last = done, one.ID
				n++
				return nil
			}, t, token, at, last)
		}); err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
	}
	slices.SortStableFunc(keys, func(a, b thingKey) int { return a.about - b.about })
	var out []*thing
	for _, key := range keys {
		out = append(out, found[key])
	}
	return out, nil
}
