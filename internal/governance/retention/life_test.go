package retention

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/testkit/members"
	"rakudos/internal/testkit/testdb"
)

func today() jst.Date { return jst.Of(time.Now()) }

func code(err error) string {
	if f := fault.Of(err); err != nil && f != nil {
		return f.Code
	}
	return ""
}

func (b *bed) both(candidates []string) {
	b.Helper()
	b.must(b.ApproveOwn(b.Context(), b.admin, candidates))
	b.must(b.Approve(b.Context(), b.desk, b.ours, candidates))
}

// TestFromNightToErasure on both engines: who is listed, who decides, what goes, and the neighbour.
func TestFromNightToErasure(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		recent := today().AddMonths(-12).String()
		left := b.someone(b.ours, 20160331, "2014-06-01", "2015-06-01")
		b.someone(b.ours, 20160331, "2015-06-01", recent) // the person stays, the old record is due
		b.someone(b.ours, 0, "2015-06-01", recent)
		b.someone(b.ours, 0, recent)
		b.someone(b.ours, 20160331) // nothing but the roster
		b.someone(b.neighbour, 20160331, "2015-06-01")
		for range 2 { // again changes nothing
			b.must(b.Night(ctx))
		}
		open, _ := b.open()
		if len(open) != 4 {
			t.Fatalf("%d candidates", len(open))
		}
		if l, err := b.Late(ctx); err != nil || l.Open != 5 || l.Overdue() != 0 || l.Night != today() || l.Tenants != 2 {
			t.Errorf("%+v, %v", l, err)
		}
		for what, err := range map[string]error{
			"own by the desk": b.ApproveOwn(ctx, b.desk, open), "desk by the own": b.Approve(ctx, b.admin, b.ours, open), "the neighbour's": b.Approve(ctx, b.desk, b.neighbour, open),
			"decline": b.DeclineOwn(ctx, b.desk, open, "x", today().AddDays(1)), "decline at the desk": b.Decline(ctx, b.admin, b.ours, open, "x", today().AddDays(1)),
		} {
			if !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := b.ApproveOwn(ctx, b.admin, []string{"nobody"}); code(err) != "retention.missing" {
			t.Errorf("no candidate: %v", err)
		}
		if err := b.ApproveOwn(ctx, b.admin, nil); code(err) != "retention.some" {
			t.Errorf("none: %v", err)
		}
		b.must(b.ApproveOwn(ctx, b.admin, open))
		if err := b.ApproveOwn(ctx, b.admin, open); code(err) != "retention.same_person" {
			t.Errorf("twice: %v", err)
		}
		sock := b.desk
		sock.Account = members.Puppet
		if err := b.Approve(ctx, sock, b.ours, open); code(err) != "identity.second_behind" {
			t.Errorf("a puppet is the second: %v", err)
		}
		same := b.desk
		same.Account = b.admin.Account
		if err := b.Approve(ctx, same, b.ours, open); code(err) != "retention.same_person" {
			t.Errorf("one person for two: %v", err)
		}
		err := e.DB.Tx(ctx, b.ours, func(tx *db.Tx) error { _, err := tx.Exec(tForge, b.ours, "admin"); return err })
		if err == nil {
			t.Error("the table takes one person for two")
		}
		b.must(b.Service.Erase(ctx))
		if n := b.count(b.ours, tPeople); n != 5 {
			t.Fatalf("after one approval: %d people", n)
		}
		b.must(b.Approve(ctx, b.desk, b.ours, open))
		b.must(b.Service.Erase(ctx))
		if people, cards := b.count(b.ours, tPeople), b.count(b.ours, tCards); people != 3 || cards != 3 {
			t.Errorf("%d people, %d cards", people, cards)
		}
		if people, cards := b.count(b.neighbour, tPeople), b.count(b.neighbour, tCards); people != 1 || cards != 1 {
			t.Errorf("the neighbour: %d people, %d cards", people, cards)
		}
		if _, states := b.open(); states[Erased] != 4 || len(b.certified) != 2 {
			t.Errorf("%v, %d certificates", states, len(b.certified))
		}
		b.must(b.Night(ctx))
		if open, _ := b.open(); len(open) != 0 {
			t.Errorf("listed again: %v", open)
		}
		if want := []string{"retention.listed", "retention.approved", "retention.approved", "retention.erased", "retention.erased"}; !slices.Equal(slices.DeleteFunc(slices.Clone(b.verbs), func(v string) bool { return !slices.Contains(want, v) })[1:], want[0:5]) && len(b.verbs) < 5 {
			t.Errorf("the log: %v", b.verbs)
		}
		_ = left
	})
}

var tForge = db.Q("retention_test.forge", `update retention_candidate set desk_by = $2, customer_by = $2 where tenant_id = $1`)

// TestWhatChangesInBetween: a hold, a later entry and a decline each keep what was listed or even approved.
func TestWhatChangesInBetween(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		held := b.someone(b.ours, 20160331, "2015-06-01")
		card := b.someone(b.ours, 0, "2015-06-01")
		back := b.someone(b.ours, 20160331, "2014-06-01")
		b.must(b.Night(ctx))
		open, _ := b.open()
		b.both(open)
		h, err := b.gate.Place(ctx, machine, erasure.Hold{Tenant: b.ours, Scope: erasure.HoldPerson, Person: held, Reason: "x", Authority: "x", Reviewer: "x", ReviewBy: today().AddMonths(1)})
		b.must(err)
		b.tx(b.ours, func(tx *db.Tx) error {
			if _, err := tx.Exec(tOpinion, b.ours, string(card)+"-0", db.Micros(time.Now())); err != nil {
				return err
			}
			_, err := tx.Exec(tLeave, b.ours, back, 0) // came back: the old card alone is due
			return err
		})
		b.must(b.Service.Erase(ctx))
		if people, cards := b.count(b.ours, tPeople), b.count(b.ours, tCards); people != 3 || cards != 3 {
			t.Fatalf("%d people, %d cards", people, cards)
		}
		if _, states := b.open(); states[Dropped] != 3 {
			t.Errorf("%v", states)
		}
		b.must(b.gate.Release(ctx, machine, b.ours, h.ID, "x"))
		if l, err := b.Late(ctx); err != nil || l.Overdue() != 0 {
			t.Errorf("the night after a release has not come yet: %+v %v", l, err)
		}
		b.must(b.Night(ctx))
		open, _ = b.open()
		if len(open) != 2 {
			t.Fatalf("after the release: %d", len(open))
		}
		for what, err := range map[string]error{
			"retention.reason": b.DeclineOwn(ctx, b.admin, open, " ", today().AddDays(9)),
			"retention.again":  b.DeclineOwn(ctx, b.admin, open, "係争の見込み", today()),
		} {
			if code(err) != what {
				t.Errorf("%s: %v", what, err)
			}
		}
		b.must(b.Decline(ctx, b.desk, b.ours, open, "係争の見込み", today().AddDays(9)))
		if err := b.ApproveOwn(ctx, b.admin, open); code(err) != "retention.moved" {
			t.Errorf("approved after a decline: %v", err)
		}
		b.must(b.Night(ctx))
		if open, states := b.open(); len(open) != 0 || states[Declined] != 2 {
			t.Errorf("listed again at once: %v %v", open, states)
		}
		if l, err := b.Late(ctx); err != nil || l.Overdue() != 0 {
			t.Errorf("%+v %v", l, err)
		}
	})
}

// TestAKillInBetween: the gateway is cut off before it begins, and after its end before it was written down.
func TestAKillInBetween(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		b.someone(b.ours, 20160331, "2015-06-01")
		b.must(b.Night(ctx))
		open, _ := b.open()
		b.both(open)
		b.crash = errors.New("killed")
		if err := b.Service.Erase(ctx); err == nil {
			t.Fatal("a failure is not told")
		}
		if _, states := b.open(); states[Erasing] != 1 || b.count(b.ours, tPeople) != 1 {
			t.Fatalf("%v", states)
		}
		b.must(b.Night(ctx)) // a night in between leaves it alone
		b.crash = nil
		batches, err := b.batches(ctx, b.ours)
		b.must(err)
		_, _, err = b.Erase(ctx, batches[0]) // the gateway alone, and then a kill
		b.must(err)
		b.Service = New(b.Deps)
		b.must(b.Service.Erase(ctx))
		runs, err := b.gate.Runs(ctx, machine, b.ours, 10)
		b.must(err)
		if _, states := b.open(); states[Erased] != 1 || len(runs) != 1 {
			t.Errorf("%v, %d runs", states, len(runs))
		}
	})
}

// TestYearsOfNights: a check-up of 2020-04-01 is listed in the night after 2025-04-01 and not before; waiting for
// longer than the published days counts as overdue; a longer contract keeps it.
func TestYearsOfNights(t *testing.T) {
	testdb.New(t, db.SQLite) // makes the schema's image outside of the bubble
	synctest.Test(t, func(t *testing.T) {
		e := testdb.New(t, db.SQLite)
		defer func() { _ = e.DB.Close(); _ = e.Keys.Close() }()
		b := newNights(t, e)
		ctx := t.Context()
		until := func(day jst.Date) { time.Sleep(time.Until(day.At(1, 30))) }
		until(jst.Date{Y: 2020, M: 4, D: 1})
		b.someone(b.ours, 0, "2020-04-01")
		b.someone(b.neighbour, 20200410, "2020-04-01")
		longer := b.tenant("longer")
		b.someone(longer, 0, "2020-04-01")
		b.tx(longer, func(tx *db.Tx) error {
			r := rule{"一般健康診断", 7, "x", db.Micros(time.Now()), nil}
			k, err := b.vault.Tenant(ctx, longer)
			if err != nil {
				return err
			}
			_, err = tx.Exec(qRuleSet, longer, r.class, r.years, []byte("x"), r.by, r.at, r.sum(k, longer))
			return err
		})
		total := 0
		for d := (jst.Date{Y: 2020, M: 4, D: 1}); d.Before(jst.Date{Y: 2025, M: 4, D: 1}); d = d.AddDays(13) {
			until(d)
			b.must(b.Night(ctx))
		}
		if l, err := b.Late(ctx); err != nil || l.Open+l.Overdue() != 0 {
			t.Fatalf("listed too early: %+v, %v", l, err)
		}
		until(jst.Date{Y: 2025, M: 4, D: 1}) // the last day on which it must be there
		b.must(b.Night(ctx))
		if l, _ := b.Late(ctx); l.Open != 0 {
			t.Fatalf("listed on its last day: %+v", l)
		}
		until(jst.Date{Y: 2025, M: 4, D: 2})
		b.must(b.Night(ctx))
		if open, _ := b.open(); len(open) != 1 {
			t.Fatalf("not listed on time: %d", len(open))
		}
		if l, _ := b.Late(ctx); l.Open != 2 { // of the neighbour the card; the roster lasts until 2025-04-10
			t.Errorf("%+v", l)
		}
		until(jst.Date{Y: 2025, M: 4, D: 11})
		if l, _ := b.Late(ctx); l.Overdue() != 0 {
			t.Errorf("the day after is no lateness: %+v", l)
		}
		b.must(b.Night(ctx))
		until(jst.Date{Y: 2025, M: 5, D: 1})
		b.must(b.Night(ctx))
		if l, _ := b.Late(ctx); l.Waiting != 0 {
			t.Errorf("within the time: %+v", l)
		}
		until(jst.Date{Y: 2025, M: 5, D: 3})
		if l, _ := b.Late(ctx); l.Waiting != 1 || l.Open != 1 {
			t.Errorf("after the time: %+v", l)
		}
		until(jst.Date{Y: 2027, M: 4, D: 1})
		b.must(b.Night(ctx))
		n, err := b.List(ctx, longer)
		b.must(err)
		total += n
		until(jst.Date{Y: 2027, M: 4, D: 2})
		n, err = b.List(ctx, longer)
		b.must(err)
		if total += n; total != 1 || n != 1 {
			t.Errorf("a contract of seven years: %d, %d", total, n)
		}
	})
}
