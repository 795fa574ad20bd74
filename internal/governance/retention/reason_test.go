package retention

import (
	"crypto/hmac"
	"strings"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/testkit/testdb"
)

var tReason = db.Q("retention_test.reason", `update retention_candidate set reason = $3 where tenant_id = $1 and candidate_id = $2`)

// TestWhyItWasDeclinedGoes: the reason of a decline is sealed with the tenant's key; one that an earlier version sealed
// with the service's own opens until it is erased; a person's goes with the person, all go with the tenant; lists go on,
// and so does what binds who declined.
func TestWhyItWasDeclinedGoes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		const why = "うつ病の労災で係争中"
		gone, stays, earlier := b.someone(b.ours, 20160331, "2015-06-01"), b.someone(b.ours, 20160331, "2015-06-01"), b.someone(b.ours, 20160331, "2015-06-01")
		b.must(b.Night(ctx))
		open, _ := b.open()
		b.must(b.Decline(ctx, b.desk, b.ours, open, why, today().AddDays(9)))
		system, err := b.vault.Tenant(ctx, ids.System)
		b.must(err)
		own, err := b.vault.Tenant(ctx, b.ours)
		b.must(err)
		write := func(id string, to []byte) {
			b.tx(b.ours, func(tx *db.Tx) error { _, err := tx.Exec(tReason, b.ours, id, to); return err })
		}
		all, err := b.Of(ctx, b.desk, b.ours)
		b.must(err)
		for _, c := range all {
			if _, err := system.Open(reasonAt(c.ID), c.sealed); err == nil {
				t.Error("the service's own key opens it")
			}
			if text, err := own.Open(reasonAt(c.ID), c.sealed); err != nil || string(text) != why {
				t.Errorf("%q %v", text, err)
			}
			if c.Person == earlier {
				write(c.ID, system.Seal(reasonAt(c.ID), []byte("以前の版の"+why)))
			}
		}
		look := func(what string, want map[ids.Person]string) {
			t.Helper()
			all, err := b.Of(ctx, b.desk, b.ours)
			if err != nil || len(all) != 3 {
				t.Fatalf("%s: %d candidates, %v", what, len(all), err)
			}
			for _, c := range all {
				if c.State != Declined || c.Reason != want[c.Person] || c.Erased != (want[c.Person] == "") {
					t.Errorf("%s: %s %q erased %v", what, c.State, c.Reason, c.Erased)
				}
				if !hmac.Equal(c.mac, c.declined(system)) {
					t.Errorf("%s: the decline is bound no more", what)
				}
			}
		}
		look("declined", map[ids.Person]string{gone: why, stays: why, earlier: "以前の版の" + why})

		o := erasure.Order{Reason: "試験", RequestedBy: "x", ApprovedBy: []string{"a", "b"}}
		_, err = b.gate.ErasePersons(ctx, machine, b.ours, []ids.Person{gone}, o)
		b.must(err)
		look("a person is gone", map[ids.Person]string{stays: why, earlier: "以前の版の" + why})
		b.must(b.Night(ctx)) // which checks what binds a decline

		for _, c := range all {
			if c.Person == stays {
				write(c.ID, []byte("damaged"))
			}
		}
		if all, err := b.Of(ctx, b.desk, b.ours); err != nil || len(all) != 3 {
			t.Errorf("one that is damaged hides the others: %d, %v", len(all), err)
		} else {
			for _, c := range all {
				if c.Person == stays && !strings.Contains(c.Reason, "読めません") {
					t.Errorf("damaged: %q", c.Reason)
				}
			}
		}
		_, err = b.gate.EraseTenant(ctx, machine, b.ours, o)
		b.must(err)
		look("the tenant is gone", nil)
		all, err = b.Of(ctx, b.desk, b.ours)
		b.must(err)
		for _, c := range all {
			if len(c.sealed) > 0 {
				t.Errorf("%d bytes are left of why", len(c.sealed))
			}
			write(c.ID, own.Seal(reasonAt(c.ID), []byte(why))) // from a database of before
		}
		look("the tenant is gone, and its words came back", nil)
		if longer, err := b.LengthenedOf(ctx, b.desk, b.ours); err != nil || len(longer) != 0 {
			t.Errorf("%v %v", longer, err)
		}
	})
}
