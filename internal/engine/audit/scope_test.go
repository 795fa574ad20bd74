package audit

import (
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

func TestAppendWorksInTheTenantsScopeAndInGlobalOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		for scope, works := range map[ids.Tenant]bool{w.a: true, db.Global: true, w.b: false} {
			err := w.DB.Tx(t.Context(), scope, func(tx *db.Tx) error {
				_, err := l.Append(tx, w.event(w.a, 1))
				return err
			})
			if (err == nil) != works {
				t.Errorf("in the scope of %s: %v", scope, err)
			}
		}
		w.must(l.Seal(t.Context()))
		if r := w.holds("after a refused append"); r.Events != 4 {
			t.Errorf("%+v", r)
		}
	})
}

func TestAnActorWithoutATenantIsTheServiceItself(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		ref, err := l.Record(t.Context(), Event{Verb: "auth.failed", Actor: actor.Actor{Kind: actor.Human, Addr: "192.0.2.9"}, Result: "failed"})
		w.must(err)
		if ref.Tenant != ids.System || ref.Seq != 2 || ref.ID == "" {
			t.Errorf("%+v", ref)
		}
		if _, err := l.Find(t.Context(), actor.Actor{}, Filter{}); code(err) != "audit.no_tenant" {
			t.Errorf("find without a tenant: %v", err)
		}
		if _, err := l.Record(t.Context(), Event{Actor: actor.System(w.a, "x")}); code(err) != "audit.no_verb" {
			t.Errorf("an event without a verb: %v", err)
		}
		got, err := l.Find(t.Context(), actor.System(ids.System, "x"), Filter{Verb: "auth.failed"})
		w.must(err)
		if len(got) != 1 || got[0].Actor.Addr != "192.0.2.9" || got[0].LogIndex != -1 {
			t.Errorf("%+v", got)
		}
	})
}

// A tenant without a key cannot be written about: the transaction fails as a whole.
func TestNoKeyNoEvent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		stranger := ids.New[ids.Tenant]()
		if _, err := l.Record(t.Context(), w.event(stranger, 1)); code(err) != "vault.key_missing" {
			t.Errorf("%v", err)
		}
		w.must(l.Seal(t.Context()))
		if r := w.holds("after it"); r.Tenants != 1 {
			t.Errorf("%+v", r)
		}
	})
}

// A lost key is not an erased one: the bodies must open or be known to be destroyed.
func TestALostKeyIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 2)
		w.must(l.Seal(t.Context()))
		w.must(e.Keys.Tx(t.Context(), w.a, func(tx *db.Tx) error { _, err := tx.Exec(qLoseKey, w.a); return err }))
		fresh := newReader(t, w)
		r, err := Verify(t.Context(), w.DB, fresh, w.cfg)
		w.must(err)
		if r.OK || r.First.Code != EventAltered || r.First.Tenant != w.a {
			t.Errorf("%+v", r.First)
		}
	})
}

var qLoseKey = db.Q("audit_test.lose_key", `delete from key_tenant where tenant_id = $1`)
