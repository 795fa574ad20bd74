package erasure

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

var errStop = errors.New("stopped")

func vaultHead(n int64) vault.Head { return vault.Head{N: n, Hash: []byte("head")} }

func (b *bed) aHold(p ids.Person) Hold {
	return Hold{Tenant: b.ours, Scope: HoldPerson, Person: p, Reason: "労災の争い", Authority: "京都地方裁判所", Reviewer: "法務 花子", ReviewBy: jst.Of(time.Now()).AddMonths(3)}
}

// TestHoldIsPlacedAndReleased: it is listed with its words, holds, is in both logs without its words, and once
// released holds no more.
func TestHoldIsPlacedAndReleased(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		p := b.people(b.ours)[0]
		admin := actor.Actor{Kind: actor.Human, Tenant: b.ours, Account: "admin", Roles: []actor.Role{actor.TenantAdmin}}
		h, err := b.gate.Place(t.Context(), admin, b.aHold(p))
		b.must(err)
		all, err := b.gate.Holds(t.Context(), admin, b.ours)
		if err != nil || len(all) != 1 || all[0].Reason != "労災の争い" || all[0].Reviewer != "法務 花子" || all[0].PlacedBy != "admin" || all[0].ReviewBy != h.ReviewBy || !all[0].ReleasedAt.IsZero() {
			t.Errorf("%+v %v", all, err)
		}
		if other, err := b.gate.Holds(t.Context(), admin, b.neighbour); err != nil || len(other) != 0 {
			t.Errorf("the neighbour's: %v %v", other, err)
		}
		if _, err := b.gate.ErasePersons(t.Context(), machine, b.ours, []ids.Person{p}, order); code(err) != "erasure.held" {
			t.Errorf("held: %v", err)
		}
		for _, tenant := range []ids.Tenant{b.ours, ids.System} {
			found, err := b.log.Find(t.Context(), actor.System(tenant, "test"), audit.Filter{Verb: "hold.placed"})
			if err != nil || len(found) != 1 || strings.Contains(found[0].Purpose, "労災") || found[0].Detail["hold"] != h.ID {
				t.Errorf("%s: %+v %v", tenant, found, err)
			}
		}
		if err := b.gate.Release(t.Context(), admin, b.neighbour, h.ID, "終わり"); code(err) != "erasure.no_hold" {
			t.Errorf("by the neighbour: %v", err)
		}
		if err := b.gate.Release(t.Context(), admin, b.ours, h.ID, " "); code(err) != "erasure.hold_text" {
			t.Errorf("without a reason: %v", err)
		}
		b.must(b.gate.Release(t.Context(), admin, b.ours, h.ID, "和解した"))
		if err := b.gate.Release(t.Context(), admin, b.ours, h.ID, "和解した"); code(err) != "erasure.no_hold" {
			t.Errorf("twice: %v", err)
		}
		if r, err := b.gate.ErasePersons(t.Context(), machine, b.ours, []ids.Person{p}, order); err != nil || r.State != Done {
			t.Errorf("released: %+v %v", r, err)
		}
		if _, err := b.gate.Place(t.Context(), admin, b.aHold(p)); code(err) != "erasure.hold_nobody" {
			t.Errorf("somebody who is gone: %v", err)
		}
	})
}

func TestHoldsAreChecked(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	b := newBed(t, e, 1)
	p := b.people(b.ours)[0]
	for name, c := range map[string]struct {
		change func(*Hold)
		code   string
	}{
		"no reason":         {func(h *Hold) { h.Reason = "" }, "erasure.hold_text"},
		"no authority":      {func(h *Hold) { h.Authority = " " }, "erasure.hold_text"},
		"no reviewer":       {func(h *Hold) { h.Reviewer = "" }, "erasure.hold_text"},
		"a novel":           {func(h *Hold) { h.Reason = strings.Repeat("長", 501) }, "erasure.hold_text"},
		"review today":      {func(h *Hold) { h.ReviewBy = jst.Of(time.Now()) }, "erasure.hold_review"},
		"review never":      {func(h *Hold) { h.ReviewBy = jst.Of(time.Now()).AddMonths(25) }, "erasure.hold_review"},
		"no scope":          {func(h *Hold) { h.Scope = "" }, "erasure.hold_scope"},
		"nobody":            {func(h *Hold) { h.Person = "" }, "erasure.hold_scope"},
		"tenant and person": {func(h *Hold) { h.Scope = HoldTenant }, "erasure.hold_scope"},
		"class without one": {func(h *Hold) { h.Scope, h.Person = HoldClass, "" }, "erasure.hold_scope"},
		"a stranger":        {func(h *Hold) { h.Person = ids.New[ids.Person]() }, "erasure.hold_nobody"},
	} {
		h := b.aHold(p)
		c.change(&h)
		if _, err := b.gate.Place(t.Context(), machine, h); code(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.gate.Place(t.Context(), actor.Actor{Kind: actor.Human, Tenant: b.ours, Account: "a", Roles: []actor.Role{actor.HR}}, b.aHold(p)); code(err) != "access.denied" {
		t.Errorf("HR: %v", err)
	}
}

// TestHoldComesTooLate: once an erasure has been decided, also one that a kill has broken off, no hold is placed as
// if it could still help.
func TestHoldComesTooLate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 2)
		all := b.people(b.ours)
		b.gate.crash = func(point string) error {
			if point == "before keys" {
				return errStop
			}
			return nil
		}
		if _, err := b.gate.ErasePersons(t.Context(), machine, b.ours, all[:1], order); err == nil {
			t.Fatal("not broken off")
		}
		if _, err := b.gate.Place(t.Context(), machine, b.aHold(all[0])); code(err) != "erasure.too_late" {
			t.Errorf("%v", err)
		}
		b.gate.crash = nil
		if n, err := b.gate.Resume(t.Context(), machine); err != nil || n != 1 {
			t.Errorf("%d %v", n, err)
		}
		if _, err := b.gate.Place(t.Context(), machine, b.aHold(all[1])); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestUnreadableHoldsStopEverything: fail closed.
func TestUnreadableHoldsStopEverything(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	b := newBed(t, e, 1)
	err := e.DB.View(t.Context(), b.neighbour, func(tx *db.Tx) error { // a transaction of another tenant may not read them
		_, err := holdsIn(tx, b.ours)
		return err
	})
	if code(err) != "erasure.holds_unread" {
		t.Errorf("%v", err)
	}
}
