package termination

import (
	"context"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// next is the first day of a month to come.
func next(months int) jst.Date {
	d := jst.Of(time.Now())
	return jst.Date{Y: d.Y, M: d.M, D: 1}.AddMonths(months)
}

// TestOthersTakeNoPlaceOnTheDesk: however many newer cases another desk has, this one sees its own.
func TestOthersTakeNoPlaceOnTheDesk(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	w, _ := newWorld(t, e.DB, e.Keys, e.Dir)
	mine, err := w.Request(t.Context(), w.admin, next(1))
	must(t, err)
	w.Reach = func(_ context.Context, _ actor.Actor, of ids.Tenant) error {
		if of != w.admin.Tenant {
			return fault.New(fault.Denied, "access.denied")
		}
		return nil
	}
	for range deskMost + 1 {
		c, err := open(ids.New[string](), ids.New[ids.Tenant](), "x", "y", next(1), by(w.admin, Customer))
		must(t, err)
		must(t, w.add(t.Context(), w.admin, c))
	}
	if all, _, err := w.Desk(t.Context(), w.k1); err != nil || len(all) != 1 || all[0].ID != mine.ID {
		t.Errorf("%d cases, %v", len(all), err)
	}
}

var tWord = db.Q("termination_test.word", `update termination set phase = $2 where tenant_id = $1`)

// TestAnOpenCaseStaysOpenUnderItsSeal: a word beside the seal, written past the service, makes no room for a second one.
func TestAnOpenCaseStaysOpenUnderItsSeal(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w, _ := newWorld(t, e.DB, e.Keys, e.Dir)
		_, err := w.Request(t.Context(), w.admin, next(1))
		must(t, err)
		must(t, e.DB.Tx(t.Context(), ids.System, func(tx *db.Tx) error { _, err := tx.Exec(tWord, ids.System, "cancelled"); return err }))
		if _, err := w.Request(t.Context(), w.admin, next(2)); fault.Of(err) == nil || fault.Of(err).Code != "termination.open" {
			t.Errorf("%v", err)
		}
		must(t, w.Cancel(t.Context(), w.admin, "取りやめ"))
		if _, err := w.Request(t.Context(), w.admin, next(2)); err != nil {
			t.Errorf("after it was cancelled: %v", err)
		}
	})
}
