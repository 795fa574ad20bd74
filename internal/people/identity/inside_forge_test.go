package identity

import (
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestForgeryIsUndone: what a probe writes past the service is refused, is about its own account alone, and is gone
// afterwards, also what a run that was cut off has left; in a customer's tenant nothing is written at all.
func TestForgeryIsUndone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		counts := func(code string) (n int) {
			must(t, h.db.View(ctx, h.tenants[code].ID, func(tx *db.Tx) error {
				set, err := db.All(tx, qGrants, scanGrant, h.tenants[code].ID)
				n = len(set)
				return err
			}))
			return n
		}
		before, theirs := counts("midori"), counts("hikari")
		in := h.in("midori", "hr", Visit{})
		other, _, err := h.Forge(ctx, in.Token, ForgedSession) // never undone: the run is cut off
		must(t, err)
		_, err = h.Session(ctx, other, true)
		h.want(err, "identity.no_session")
		_, _, err = h.Forge(ctx, in.Token, ForgedGrant)
		must(t, err)
		if s, err := h.Session(ctx, in.Token, true); err != nil || len(s.Actor.Roles) != 0 || s.Actor.Has(actor.TenantAdmin) {
			t.Errorf("%+v %v", s.Actor, err)
		}
		_, undo, err := h.Forge(ctx, in.Token, ForgedAccount)
		must(t, err)
		_, err = h.Session(ctx, in.Token, true)
		h.want(err, "identity.session_ended")
		must(t, undo(ctx))
		if s, err := h.Session(ctx, in.Token, true); err != nil || !s.Actor.Has(actor.HR) || counts("midori") != before {
			t.Errorf("not undone: %+v %v", s.Actor, err)
		}
		if sessions, err := h.Sessions(ctx, in.Session.Actor); err != nil || len(sessions) != 1 {
			t.Errorf("%d sessions, %v", len(sessions), err)
		}
		if _, _, err := h.Forge(ctx, in.Token, "everything"); err == nil {
			t.Error("an unknown forgery")
		}
		foreign := h.in("hikari", "hr", Visit{})
		for _, what := range Forgeries {
			_, _, err := h.Forge(ctx, foreign.Token, what)
			h.want(err, "identity.not_a_probe")
		}
		if counts("hikari") != theirs {
			t.Error("a customer's rows have changed")
		}
	})
}
