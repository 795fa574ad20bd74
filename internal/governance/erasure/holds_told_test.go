package erasure

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tLift  = db.Q("erasure_test.lift", `update erasure_hold set released_at = 1, released_by = 'admin' where tenant_id = $1 and hold_id = $2`)
	tOther = db.Q("erasure_test.other", `update erasure_hold set person_id = $3 where tenant_id = $1 and hold_id = $2`)
	tTaken = db.Q("erasure_test.taken", `delete from erasure_hold where tenant_id = $1 and hold_id = $2`)
)

// TestNoRowLiftsAHold: a release that nobody made, another name, and a row that is gone lift nothing; it is listed,
// recorded once, and ends only when somebody releases it. The neighbour is erased meanwhile.
func TestNoRowLiftsAHold(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		ctx := t.Context()
		all := b.people(b.ours)
		admin := actor.Actor{Kind: actor.Human, Tenant: b.ours, Account: "admin", Roles: []actor.Role{actor.TenantAdmin}}
		h, err := b.gate.Place(ctx, admin, b.aHold(all[0]))
		b.must(err)
		for what, forge := range map[string]func(){
			"released": func() { b.exec(b.ours, tLift, b.ours, h.ID) },
			"another":  func() { b.exec(b.ours, tOther, b.ours, h.ID, all[1]) },
			"gone":     func() { b.exec(b.ours, tTaken, b.ours, h.ID) },
		} {
			forge()
			if _, err := b.gate.ErasePersons(ctx, machine, b.ours, []ids.Person{all[0]}, order); code(err) != "erasure.held" {
				t.Fatalf("%s: erased although it is held: %v", what, err)
			}
			list, err := b.gate.Holds(ctx, admin, b.ours)
			if err != nil || len(list) != 1 || !list[0].ReleasedAt.IsZero() || list[0].Person != all[0] || !strings.Contains(list[0].Reason, "監査ログにある保全") {
				t.Errorf("%s: %+v %v", what, list, err)
			}
		}
		if found, err := b.log.Find(ctx, actor.System(ids.System, "test"), audit.Filter{Verb: "integrity.row_refused"}); err != nil || len(found) != 1 {
			t.Errorf("told %d times: %v", len(found), err)
		}
		if other, err := b.gate.Holds(ctx, admin, b.neighbour); err != nil || len(other) != 0 {
			t.Errorf("the neighbour's: %v %v", other, err)
		}
		if r, err := b.gate.ErasePersons(ctx, machine, b.neighbour, b.people(b.neighbour)[:1], order); err != nil || r.State != Done {
			t.Errorf("the neighbour: %+v %v", r, err)
		}
		if err := b.gate.Release(ctx, admin, b.neighbour, h.ID, "和解した"); code(err) != "erasure.no_hold" {
			t.Errorf("by the neighbour: %v", err)
		}
		b.must(b.gate.Release(ctx, admin, b.ours, h.ID, "和解した"))
		if err := b.gate.Release(ctx, admin, b.ours, h.ID, "和解した"); code(err) != "erasure.no_hold" {
			t.Errorf("twice: %v", err)
		}
		if r, err := b.gate.ErasePersons(ctx, machine, b.ours, []ids.Person{all[0]}, order); err != nil || r.State != Done {
			t.Errorf("released: %+v %v", r, err)
		}
	})
}
