package retention

import (
	"slices"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tMadeUp  = db.Q("retention_test.made_up", `update retention_candidate set state = 'approved', customer_by = 'admin', customer_at = 1, desk_by = 'k1', desk_at = 1 where tenant_id = $1 and person_id = $2`)
	tTurned  = db.Q("retention_test.turned", `update retention_candidate set subject = $3, person_id = $3 where tenant_id = $1 and person_id = $2`)
	tRevived = db.Q("retention_test.revived", `update retention_candidate set state = 'approved', ended_at = 0 where tenant_id = $1 and person_id = $2`)
	tOther   = db.Q("retention_test.other", `update retention_candidate set customer_by = 'somebody' where tenant_id = $1 and person_id = $2`)
	tBatched = db.Q("retention_test.batched", `update retention_candidate set state = 'erasing', batch = 'mine', customer_by = 'admin', customer_at = 1, desk_by = 'k1', desk_at = 1 where tenant_id = $1 and person_id = $2`)
	tShorter = db.Q("retention_test.shorter", `update retention_rule set years = 5 where tenant_id = $1`)
)

// TestApprovalsAreTheServicesOwn: whoever can write into the database makes approvals up, turns one to somebody else,
// exchanges a name, revives what was declined, or hands over a batch of their own: nobody is erased, what was forged is
// dropped with an event, and what is really due is listed again.
func TestApprovalsAreTheServicesOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		var gone []ids.Person
		for range 6 {
			gone = append(gone, b.someone(b.ours, 20160331, "2015-06-01"))
		}
		other := b.someone(b.ours, 0, "2025-06-01") // nothing of theirs has expired
		b.someone(b.neighbour, 20160331, "2015-06-01")
		b.must(b.Night(ctx))
		ofPerson := func(p ids.Person) []string {
			all, err := b.Mine(ctx, b.admin)
			b.must(err)
			i := slices.IndexFunc(all, func(c Candidate) bool { return c.Person == p && c.State == Open })
			return []string{all[i].ID}
		}
		for _, n := range []int{1, 2, 3} {
			one := ofPerson(gone[n])
			b.both(one)
			if n == 2 {
				b.must(b.Decline(ctx, b.desk, b.ours, one, "係争", today().AddDays(9)))
			}
		}
		fifth := ofPerson(gone[5])
		b.must(b.ApproveOwn(ctx, b.admin, fifth))
		for _, f := range []struct {
			db.Query
			args []any
		}{
			{tMadeUp, []any{b.ours, gone[0]}}, {tTurned, []any{b.ours, gone[1], other}}, {tRevived, []any{b.ours, gone[2]}},
			{tOther, []any{b.ours, gone[3]}}, {tBatched, []any{b.ours, gone[4]}}, {tOther, []any{b.ours, gone[5]}},
		} {
			b.tx(b.ours, func(tx *db.Tx) error {
				n, err := tx.Exec(f.Query, f.args...)
				if n != 1 {
					t.Errorf("%s changed %d rows", f.Name(), n)
				}
				return err
			})
		}
		if err := b.Approve(ctx, b.desk, b.ours, fifth); code(err) != "retention.unbound" {
			t.Errorf("a second approval upon a forged one: %v", err)
		}
		b.must(b.Service.Erase(ctx))
		if people, neighbours := b.count(b.ours, tPeople), b.count(b.neighbour, tPeople); people != 7 || neighbours != 1 {
			t.Errorf("%d people of 7, %d neighbours", people, neighbours)
		}
		if _, states := b.open(); states[Dropped] != 6 || states[Erasing]+states[Approved]+states[Erased] != 0 {
			t.Errorf("%v", states)
		}
		if !slices.Contains(b.verbs, "integrity.row_refused") {
			t.Errorf("the log: %v", b.verbs)
		}
		b.must(b.Night(ctx))
		again, _ := b.open()
		b.both(again)
		b.must(b.Service.Erase(ctx))
		if people := b.count(b.ours, tPeople); people != 1 {
			t.Errorf("%d people are left after genuine approvals of %d", people, len(again))
		}
	})
}

// TestALongerPeriodIsTheServicesOwn: a row that somebody has shortened past the service keeps its records instead.
func TestALongerPeriodIsTheServicesOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		b.someone(b.ours, 0, "2015-06-01")
		b.must(b.Lengthen(ctx, b.desk, b.ours, "一般健康診断", 20, "契約書第9条"))
		years := func() int {
			all, err := b.Overview(ctx, b.admin)
			b.must(err)
			return all[0].Years
		}
		if got := years(); got != 20 {
			t.Errorf("%d years", got)
		}
		b.tx(b.ours, func(tx *db.Tx) error { _, err := tx.Exec(tShorter, b.ours); return err })
		if got := years(); got != forever {
			t.Errorf("a row that was shortened past the service: %d years", got)
		}
		b.must(b.Night(ctx))
		if open, _ := b.open(); len(open) != 0 {
			t.Errorf("%d candidates", len(open))
		}
		b.must(b.Lengthen(ctx, b.desk, b.ours, "一般健康診断", 6, "契約書第9条"))
		b.must(b.Night(ctx))
		if open, _ := b.open(); years() != 6 || len(open) != 1 {
			t.Errorf("set anew: %d years, %d candidates", years(), len(open))
		}
	})
}

// TestLongerPeriodsAreListed: for the tenant itself and for the desk, with the contract's clause; a forged one says so,
// and the neighbour's are not among them. The desk's list has the customers within its reach, with what waits.
func TestLongerPeriodsAreListed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		b.someone(b.ours, 20160331, "2015-06-01")
		b.someone(b.neighbour, 20160331, "2015-06-01")
		b.must(b.Night(ctx))
		if err := b.Lengthen(ctx, b.desk, b.neighbour, "じん肺", 9, "契約書第3条"); err == nil {
			t.Error("the desk lengthens for a tenant out of its reach")
		}
		b.must(b.Lengthen(ctx, b.desk, b.ours, "一般健康診断", 20, "契約書第9条"))
		own, err := b.Lengthened(ctx, b.admin)
		if err != nil || len(own) != 1 || own[0].Years != 20 || own[0].Source != "契約書第9条" || own[0].Forged || own[0].By != b.desk.Account {
			t.Errorf("%+v %v", own, err)
		}
		b.tx(b.ours, func(tx *db.Tx) error { _, err := tx.Exec(tShorter, b.ours); return err })
		of, err := b.LengthenedOf(ctx, b.desk, b.ours)
		if err != nil || len(of) != 1 || !of[0].Forged {
			t.Errorf("%+v %v", of, err)
		}
		if _, err := b.LengthenedOf(ctx, b.admin, b.neighbour); err == nil {
			t.Error("a tenant reads another's periods")
		}
		all, err := b.Customers(ctx, b.desk)
		if err != nil || len(all) != 1 || all[0].Tenant != b.ours || all[0].Waiting != 1 {
			t.Errorf("%+v %v", all, err)
		}
		if _, err := b.Customers(ctx, b.admin); err == nil {
			t.Error("a tenant reads the desk's list")
		}
	})
}

var (
	tNoDecline = db.Q("retention_test.no_decline", `update retention_candidate set state = 'declined', ended_by = 'admin', ended_at = 1, again_on = '2099-01-01' where tenant_id = $1 and person_id = $2`)
	tLonger    = db.Q("retention_test.longer", `update retention_candidate set again_on = '2099-01-01' where tenant_id = $1 and person_id = $2`)
)

// TestDeclinesAreTheServicesOwn: whoever can write into the database keeps nothing beyond its period by a decline that
// nobody made, nor by a later day on a true one; what it hid counts as unlisted and is listed again.
func TestDeclinesAreTheServicesOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		made, genuine, longer := b.someone(b.ours, 20160331, "2015-06-01"), b.someone(b.ours, 20160331, "2015-06-01"), b.someone(b.ours, 20160331, "2015-06-01")
		b.someone(b.neighbour, 20160331, "2015-06-01")
		b.must(b.Night(ctx))
		state := func(p ids.Person) (id string, s State) {
			all, err := b.Mine(ctx, b.admin)
			b.must(err)
			for _, c := range all {
				if c.Person == p && (id == "" || c.State == Open) {
					id, s = c.ID, c.State
				}
			}
			return id, s
		}
		for _, p := range []ids.Person{genuine, longer} {
			id, _ := state(p)
			b.must(b.Decline(ctx, b.desk, b.ours, []string{id}, "係争", today().AddDays(9)))
		}
		write := func(q db.Query, p ids.Person) {
			b.tx(b.ours, func(tx *db.Tx) error { _, err := tx.Exec(q, b.ours, p); return err })
		}
		write(tNoDecline, made)
		write(tLonger, longer)
		if l, err := b.Late(ctx); err != nil || l.Unlisted != 2 {
			t.Errorf("what a forged decline hides: %+v %v", l, err)
		}
		b.must(b.Night(ctx))
		for p, want := range map[ids.Person]State{made: Open, genuine: Declined, longer: Open} {
			if _, s := state(p); s != want {
				t.Errorf("%s, want %s", s, want)
			}
		}
		if n := slices.Index(b.verbs, "integrity.row_refused"); n < 0 {
			t.Error("nobody was told")
		}
		if l, err := b.Late(ctx); err != nil || l.Overdue() != 0 {
			t.Errorf("%+v %v", l, err)
		}
	})
}
