package erasure

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// Sabotages of the mutants: one protection off in a sandbox. No file, variable or flag can set one.
const (
	SabotageNone   = "erasure-whole"          // everything on: the sandbox in which the probes themselves erase
	SabotageKeys   = "erasure-keys-stay"      // rows go, keys and their copies stay
	SabotageCopies = "erasure-copies-stay"    // keys go, an old copy of the key store stays, and what opens with it is not heeded
	SabotageHoard  = "erasure-copies-hoarded" // a fresh copy of the key store is taken, and the older ones stay beside it
	SabotageHold   = "erasure-holds-unread"   // holds are not asked
	SabotageLapse  = "erasure-holds-lapse"    // a hold ends with the day of its review
	SabotageUnread = "erasure-holds-damaged"  // a hold that can't be read is passed over
	SabotageLate   = "erasure-ledger-late"    // the ledger is written when everything is gone
	SabotageLedger = "erasure-no-replay"      // a restore does not replay the ledger
)

// Sabotages lists them.
var Sabotages = []string{SabotageNone, SabotageKeys, SabotageCopies, SabotageHoard, SabotageHold, SabotageLapse, SabotageUnread, SabotageLate, SabotageLedger}

// Sabotage switches one protection off.
func (g *Gateway) Sabotage(name string) {
	if name != SabotageNone {
		g.weak = name
	}
}

// lax are the holds that are left when one ends by itself.
func (g *Gateway) lax(ctx context.Context, t ids.Tenant) (h held, err error) {
	all, err := g.Holds(ctx, prober(), t)
	h = held{classes: map[string]bool{}, people: map[ids.Person]bool{}}
	h.keeps(slices.DeleteFunc(all, func(x Hold) bool {
		return !x.ReleasedAt.IsZero() || g.weak == SabotageLapse && x.Late(jst.Of(time.Now())) || g.weak == SabotageUnread && x.Unread
	}))
	return h, err
}
