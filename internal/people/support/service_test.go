package support

import (
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/members"
	"rakudos/internal/testkit/testdb"
)

// TestOneAccess is the whole way on both engines: asked, decided by another, entered, seen and stopped by the
// tenant; the neighbour sees nothing of it.
func TestOneAccess(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, false), t.Context()
		operator, itsm := h.as("kyokai", "op", actor.Operator), h.as("kyokai", "it", actor.ITSM)
		admin, neighbour := h.as("midori", "ta", actor.TenantAdmin), h.as("hikari", "ta", actor.TenantAdmin)
		a := h.asked(operator, "midori")
		if !h.mails.said("kyokai itsm", "INC-1024") || h.mails.said("midori") {
			t.Error("the wrong people are told of a request")
		}
		_, err := h.Enter(ctx, operator, a.ID)
		h.want(err, "support.not_open")
		h.want(h.Decide(ctx, operator, a.ID, true), "access.denied")
		h.want(h.Decide(ctx, itsm, a.ID, true), "")
		if !h.mails.said("midori tenantadmin", "INC-1024", "担当 op", "担当 it") {
			t.Error("the tenant is not told")
		}
		h.want(h.Decide(ctx, itsm, a.ID, true), "support.decided")
		h.want(h.Decide(ctx, itsm, a.ID, false), "support.decided")

		if _, in, err := h.Inside(ctx, operator); in || err != nil {
			t.Errorf("inside before entering: %v", err)
		}
		got, err := h.Enter(ctx, operator, a.ID)
		if h.want(err, ""); got.Person != ids.Person("person of "+h.tenants["midori"].ID) {
			t.Errorf("%+v", got)
		}
		in, ok, err := h.Inside(ctx, operator)
		if !ok || err != nil || in.Person != got.Person || in.Tenant != h.tenants["midori"].ID || in.Reason != "値が違うとの問合せ" {
			t.Errorf("%+v %v %v", in, ok, err)
		}
		second := operator
		second.Session = "another"
		if _, ok, _ := h.Inside(ctx, second); ok {
			t.Error("another session of the same person is inside")
		}
		_, err = h.Enter(ctx, second, a.ID)
		h.want(err, "support.not_open")
		_, err = h.Enter(ctx, itsm, a.ID)
		h.want(err, "support.not_open")
		thief := itsm
		thief.Session = operator.Session
		if _, ok, _ := h.Inside(ctx, thief); ok {
			t.Error("somebody else is inside with the session's name")
		}

		if all, err := h.Running(ctx, admin); err != nil || len(all) != 1 || all[0].AskerName != "担当 op" {
			t.Errorf("%+v, %v", all, err)
		}
		for _, f := range []func(actor.Actor) ([]Access, error){func(x actor.Actor) ([]Access, error) { return h.Running(ctx, x) }, func(x actor.Actor) ([]Access, error) { return h.Received(ctx, x) }} {
			if all, err := f(neighbour); err != nil || len(all) != 0 {
				t.Errorf("the neighbour sees %+v, %v", all, err)
			}
		}
		_, err = h.Used(ctx, neighbour, a.ID)
		h.want(err, "support.missing")
		h.want(h.Stop(ctx, neighbour, a.ID), "support.missing")
		if one, err := h.Used(ctx, admin, a.ID); err != nil || one.DeciderBy != "担当 it" || one.Number != "M0001" {
			t.Errorf("%+v, %v", one, err)
		}
		h.want(h.Stop(ctx, admin, a.ID), "")
		if _, ok, _ := h.Inside(ctx, operator); ok {
			t.Error("still inside after the tenant has ended it")
		}
		h.want(h.Stop(ctx, admin, a.ID), "support.ended")
		_, err = h.Enter(ctx, operator, a.ID)
		h.want(err, "support.not_open")

		const want = "asked entered!denied approved entered entered!denied entered!denied ended entered!denied"
		if got := h.verbs("kyokai"); got != want {
			t.Errorf("the association's log: %s", got)
		}
		if got := h.verbs("midori"); got != want {
			t.Errorf("the tenant's log: %s", got)
		}
		if got := h.verbs("hikari"); got != "" {
			t.Errorf("the neighbour's log: %s", got)
		}
	})
}

// TestNobodyDecidesTheOwn: not through the service, where it is an alarm, and not past it: the table refuses.
func TestNobodyDecidesTheOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, false), t.Context()
		itsm := h.as("kyokai", "it", actor.ITSM)
		a := h.asked(itsm, "midori")
		h.want(h.Decide(ctx, itsm, a.ID, true), "support.own")
		if !h.mails.said("kyokai auditor", "INC-1024") || h.mails.said("midori") {
			t.Error("no alarm, or one to the wrong people")
		}
		if got := h.verbs("midori"); got != "asked approved!denied" {
			t.Error(got)
		}
		for name, by := range map[string]ids.Account{"the asker": "it", "nobody": ""} {
			err := h.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
				_, err := tx.Exec(qTestForce, a.ID, by, db.Micros(time.Now()), db.Micros(time.Now().Add(time.Hour)))
				return err
			})
			if err == nil {
				t.Errorf("the table accepts %s as whoever approves", name)
			}
		}
		err := h.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
			_, err := tx.Exec(qTestForce, a.ID, ids.Account("other"), db.Micros(time.Now()), db.Micros(time.Now().Add(5*time.Hour)))
			return err
		})
		if err == nil {
			t.Error("the table accepts five hours")
		}
	})
}

var qTestForce = db.GlobalQ("support.test_force", `update support_accesses set state = 'approved', decided_by = $2, decided_at = $3, ends_at = $4 where access_id = $1`)

// TestTimeIsUp: the end comes by the clock alone; writing it down comes later and only once.
func TestTimeIsUp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, false), t.Context()
		operator, itsm := h.as("kyokai", "op", actor.Operator), h.as("kyokai", "it", actor.ITSM)
		a := h.asked(operator, "midori")
		h.want(h.Decide(ctx, itsm, a.ID, true), "")
		_, err := h.Enter(ctx, operator, a.ID)
		h.want(err, "")
		h.age(a.ID, 30*time.Minute-20*time.Second)
		if _, ok, _ := h.Inside(ctx, operator); !ok {
			t.Error("over before its time")
		}
		h.age(a.ID, 20*time.Second)
		if _, ok, _ := h.Inside(ctx, operator); ok {
			t.Error("still inside after the end")
		}
		_, err = h.Enter(ctx, operator, a.ID)
		h.want(err, "support.not_open")
		if all, _ := h.Running(ctx, h.as("midori", "ta", actor.TenantAdmin)); len(all) != 0 {
			t.Error("still shown as running")
		}
		late := h.asked(operator, "hikari")
		h.age(late.ID, AskedFor)
		h.want(h.Decide(ctx, itsm, late.ID, true), "support.decided")
		for range 2 {
			must(t, h.Sweep(ctx))
		}
		all, err := h.Desk(ctx, operator)
		if err != nil || len(all) != 2 {
			t.Fatalf("%+v, %v", all, err)
		}
		why := map[string]string{all[0].ID: all[0].EndReason, all[1].ID: all[1].EndReason}
		if why[a.ID] != ByTime || why[late.ID] != Undecided {
			t.Error(why)
		}
		if got := h.verbs("midori"); got != "asked approved entered entered!denied ended" {
			t.Error(got)
		}
		if got := h.verbs("hikari"); got != "asked ended" {
			t.Error(got)
		}
	})
}

// TestEndingAndBounds: one's own may be taken back or ended, nobody else's; five open ones are enough; only
// the association asks, and never for itself.
func TestEndingAndBounds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, false), t.Context()
		operator, itsm := h.as("kyokai", "op", actor.Operator), h.as("kyokai", "it", actor.ITSM)
		q := Ask{TenantCode: "midori", Scope: Lists, Reason: "調査", Ticket: "INC-1024", Minutes: 15}
		for _, bad := range []string{"kyokai", "nobody", ""} {
			r := q
			r.TenantCode = bad
			_, err := h.Ask(ctx, operator, r)
			h.want(err, "support.tenant")
		}
		_, err := h.Ask(ctx, h.as("hikari", "x", actor.Operator), q)
		h.want(err, "support.tenant")
		_, err = h.Ask(ctx, h.as("kyokai", "au", actor.Auditor), q)
		h.want(err, "access.denied")
		var made []Access
		for range openMost {
			a, err := h.Ask(ctx, operator, q)
			must(t, err)
			made = append(made, a)
		}
		_, err = h.Ask(ctx, operator, q)
		h.want(err, "support.too_many")
		h.want(h.End(ctx, itsm, made[0].ID, ByAsker), "support.missing")
		h.want(h.End(ctx, operator, made[0].ID, ByAsker), "")
		h.want(h.Decide(ctx, itsm, made[0].ID, true), "support.decided")
		h.want(h.Decide(ctx, itsm, made[1].ID, false), "")
		_, err = h.Enter(ctx, operator, made[1].ID)
		h.want(err, "support.not_open")
		h.want(h.Decide(ctx, itsm, made[2].ID, true), "")
		_, err = h.Enter(ctx, operator, made[2].ID)
		h.want(err, "")
		h.want(h.End(ctx, operator, made[2].ID, BySignOut), "")
		if _, ok, _ := h.Inside(ctx, operator); ok {
			t.Error("inside after signing out")
		}
		if c, err := h.Choices(ctx, operator); err != nil || len(c) != 2 {
			t.Errorf("%+v, %v", c, err)
		}
		// What was never decided is the association's own paper; the tenant's list shows what was.
		if all, err := h.Received(ctx, h.as("midori", "au", actor.Auditor)); err != nil || len(all) != 2 {
			t.Errorf("%+v, %v", all, err)
		}
		_, err = h.Used(ctx, h.as("midori", "au", actor.Auditor), made[3].ID)
		h.want(err, "support.missing")
		unknown, err := h.Ask(ctx, itsm, Ask{TenantCode: "midori", Scope: Person, Number: "M9999", Reason: "調査", Ticket: "INC-1024", Minutes: 15})
		must(t, err)
		second := h.as("kyokai", "it2", actor.ITSM)
		h.want(h.Decide(ctx, second, unknown.ID, true), "")
		_, err = h.Enter(ctx, itsm, unknown.ID)
		h.want(err, "support.no_person")
	})
}

// TestWeakLetsIn: the sandbox of the mutant differs by exactly this.
func TestWeakLetsIn(t *testing.T) {
	h := newHouse(t, testdb.New(t, db.SQLite), true)
	operator := h.as("kyokai", "op", actor.Operator)
	a := h.asked(operator, "midori")
	if _, err := h.Enter(t.Context(), operator, a.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := h.Inside(t.Context(), operator); !ok {
		t.Error("not inside")
	}
}

// TestARowWrittenPastTheService opens nothing: neither an approval that somebody writes into the table, nor
// one that is stretched, or pointed at another person or session. It is in the tenant's log.
func TestARowWrittenPastTheService(t *testing.T) {
	forgeries := map[string]db.Query{"a made-up approval": qTestForce, "more time": qTestStretch, "another person": qTestPerson, "another session": qTestSession}
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for name, q := range forgeries {
			t.Run(name, func(t *testing.T) {
				h, ctx := newHouse(t, testdb.New(t, e.Engine), false), t.Context()
				operator, itsm := h.as("kyokai", "op", actor.Operator), h.as("kyokai", "it", actor.ITSM)
				a := h.asked(operator, "midori")
				second := operator
				if name != "a made-up approval" {
					h.want(h.Decide(ctx, itsm, a.ID, true), "")
					_, err := h.Enter(ctx, operator, a.ID)
					h.want(err, "")
				}
				args := map[string][]any{
					"a made-up approval": {a.ID, ids.Account("other"), db.Micros(time.Now()), db.Micros(time.Now().Add(time.Hour))},
					"more time":          {a.ID}, "another person": {a.ID}, "another session": {a.ID},
				}[name]
				must(t, h.db.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(q, args...); return err }))
				if name == "another session" {
					second.Session = "stolen"
				}
				if _, ok, err := h.Inside(ctx, second); ok || err != nil {
					t.Errorf("inside: %v %v", ok, err)
				}
				_, err := h.Enter(ctx, second, a.ID)
				h.want(err, "support.missing")
				h.want(h.Stop(ctx, h.as("midori", "ta", actor.TenantAdmin), a.ID), "support.missing")
				found, err := h.log.Find(ctx, actor.System(h.tenants["midori"].ID, "test"), audit.Filter{Verb: "integrity.row_refused"})
				if err != nil || len(found) != 1 || found[0].Detail["row"] != a.ID {
					t.Errorf("the log: %+v, %v", found, err)
				}
			})
		}
	})
}

var (
	qTestStretch = db.GlobalQ("support.test_stretch", `update support_accesses set ends_at = decided_at + 14400000000 where access_id = $1`)
	qTestPerson  = db.GlobalQ("support.test_person", `update support_accesses set person_id = 'somebody else' where access_id = $1`)
	qTestSession = db.GlobalQ("support.test_session", `update support_accesses set session_id = 'stolen' where access_id = $1`)
)

// TestAPuppetApprovesNothing: an account that is not independent of the asker's is refused like the asker, recorded on
// both sides and told; declining needs nobody independent.
func TestAPuppetApprovesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, false), t.Context()
		itsm, sock := h.as("kyokai", "it", actor.ITSM), h.as("kyokai", members.Puppet, actor.ITSM)
		a := h.asked(itsm, "midori")
		h.want(h.Decide(ctx, sock, a.ID, true), "identity.second_behind")
		if !h.mails.said("kyokai auditor", "INC-1024", "独立でない") || h.mails.said("midori") {
			t.Error("no alarm, or one to the wrong people")
		}
		if got := h.verbs("midori"); got != "asked approved!denied" {
			t.Error(got)
		}
		_, err := h.Enter(ctx, itsm, a.ID)
		h.want(err, "support.not_open")
		b := h.asked(sock, "midori") // nor the other way round
		h.want(h.Decide(ctx, itsm, b.ID, true), "identity.second_behind")
		must(t, h.Decide(ctx, sock, a.ID, false))
	})
}
