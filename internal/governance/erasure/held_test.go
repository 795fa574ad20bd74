package erasure

import (
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tHold    = db.Q("erasure_test.hold", `insert into erasure_hold (tenant_id, hold_id, scope, person_id, class, sealed, placed_at, placed_by, review_by) values ($1, $2, $3, $4, $5, $6, 1, 'x', '2027-03-31')`)
	tRelease = db.Q("erasure_test.release", `update erasure_hold set released_at = 2 where tenant_id = $1 and hold_id = $2`)
)

func (b *bed) hold(t ids.Tenant, scope string, p ids.Person, class string) string {
	b.Helper()
	id := ids.New[string]()
	b.exec(t, tHold, t, id, scope, p, class, []byte("sealed"))
	return id
}

// TestHoldsWin: on the tenant, on a class and on a person; the neighbour's holds hold nobody else.
func TestHoldsWin(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 4)
		all := b.people(b.ours)
		b.hold(b.neighbour, HoldTenant, "", "")
		before := b.counts(e.DB, b.ours)
		for _, h := range []struct {
			scope  string
			person ids.Person
			class  string
		}{{HoldTenant, "", ""}, {HoldClass, "", general}, {HoldPerson, all[1], ""}} {
			id := b.hold(b.ours, h.scope, h.person, h.class)
			if _, err := b.gate.ErasePersons(t.Context(), machine, b.ours, all[:2], order); code(err) != "erasure.held" {
				t.Errorf("%s: people: %v", h.scope, err)
			}
			if _, err := b.gate.EraseRecords(t.Context(), machine, b.ours, general, []Item{{"checkup_result", "x", all[1]}}, order); code(err) != "erasure.held" {
				t.Errorf("%s: records: %v", h.scope, err)
			}
			if h.scope != HoldPerson {
				if _, err := b.gate.EraseTenant(t.Context(), machine, b.ours, order); code(err) != "erasure.held" {
					t.Errorf("%s: tenant: %v", h.scope, err)
				}
			}
			b.exec(b.ours, tRelease, b.ours, id)
		}
		after := b.counts(e.DB, b.ours)
		for name, n := range before {
			if after[name] != n && name != "erasure_hold" && name != "erasure_turn" {
				t.Errorf("%s: %d rows, %d before", name, after[name], n)
			}
		}
		if all, err := b.replay.Ledger.Read(t.Context(), b.vault); err != nil || len(all) != 0 {
			t.Errorf("the ledger says that somebody was erased: %v %v", all, err)
		}
		if r, err := b.gate.ErasePersons(t.Context(), machine, b.ours, all[:2], order); err != nil || r.State != Done {
			t.Errorf("released: %+v %v", r, err)
		}
	})
}

// TestHeldPersonOutlivesTheTenant: everybody else is erased, the held person's data can still be read; after the
// release the same run completes.
func TestHeldPersonOutlivesTheTenant(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 6)
		_, err := b.backup.Run(t.Context(), machine)
		b.must(err)
		all := b.people(b.ours)
		kept, other := all[2], all[4]
		id, second := b.hold(b.ours, HoldPerson, kept, ""), b.hold(b.ours, HoldPerson, other, "")
		r, err := b.gate.EraseTenant(t.Context(), machine, b.ours, order)
		b.must(err)
		if r.State != Waiting || len(r.Held) != 2 || r.KeysGone != 4 || !r.Verification.OK {
			t.Errorf("%+v", r)
		}
		n := b.counts(e.DB, b.ours)
		if n["person"] != 2 || n["checkup_result"] != 4 || n["identity_accounts"] != 2 {
			t.Errorf("%v", n)
		}
		keys, err := b.vault.Persons(t.Context(), b.ours, all)
		if err != nil || len(keys) != 2 || keys[kept] == nil {
			t.Errorf("keys: %v %v", len(keys), err)
		}
		b.verified()
		if done, err := b.gate.Resume(t.Context(), machine); err != nil || done != 0 {
			t.Errorf("resumed under the hold: %d %v", done, err)
		}
		b.exec(b.ours, tRelease, b.ours, second)
		if done, err := b.gate.Resume(t.Context(), machine); err != nil || done != 0 {
			t.Errorf("one of two is released: %d %v", done, err)
		}
		if n := b.counts(e.DB, b.ours)["person"]; n != 1 {
			t.Errorf("%d people while one is held", n)
		}
		b.exec(b.ours, tRelease, b.ours, id)
		if done, err := b.gate.Resume(t.Context(), machine); err != nil || done != 1 {
			t.Errorf("released: %d %v", done, err)
		}
		runs, err := b.gate.Runs(t.Context(), machine, b.ours, 5)
		b.must(err)
		if len(runs) != 1 || runs[0].State != Done || len(runs[0].Held) != 0 {
			t.Errorf("%+v", runs)
		}
		for _, s := range sweeps {
			if n := b.counts(e.DB, b.ours)[s.Name]; n != 0 && (s.Erase == Rows || s.Erase == AfterKeys) {
				t.Errorf("%d rows in %s", n, s.Name)
			}
		}
		if entries, err := b.replay.Ledger.Read(t.Context(), b.vault); err != nil || len(entries) != 3 {
			t.Errorf("%d entries: %v", len(entries), err)
		}
		b.verified()
	})
}

// TestSabotagesAreSeen: what each mutant leaves is what the probes look for.
func TestSabotagesAreSeen(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		_, err := b.backup.Run(t.Context(), machine)
		b.must(err)
		all := b.people(b.ours)
		b.gate.Sabotage(SabotageKeys)
		r, err := b.gate.ErasePersons(t.Context(), machine, b.ours, all[:1], order)
		if code(err) != "erasure.residual" || r.Verification.OK || r.State == Done {
			t.Errorf("keys stay: %+v %v", r.Verification, err)
		}
		b.gate.Sabotage(SabotageHold)
		b.hold(b.ours, HoldPerson, all[1], "")
		if r, err := b.gate.ErasePersons(t.Context(), machine, b.ours, all[1:2], order); err != nil || r.State != Done {
			t.Errorf("holds are not asked: %+v %v", r, err)
		}
		// Everything is gone here, and a copy of the key store gives it away: only what opens in backups tells.
		_, err = b.backup.Run(t.Context(), machine)
		b.must(err)
		b.gate.Sabotage(SabotageCopies)
		r, err = b.gate.EraseTenant(t.Context(), machine, b.neighbour, order)
		if v := r.Verification; err != nil || r.State != Done || len(v.Residual) != 0 || v.Opened == 0 {
			t.Errorf("copies of the keys stay: %+v %v", r.Verification, err)
		}
		if _, err := b.vault.Tenant(t.Context(), b.neighbour); fault.Of(err).Code != "vault.key_destroyed" {
			t.Errorf("copies of the keys stay, and so does the key: %v", err)
		}
	})
}
