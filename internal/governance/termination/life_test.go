package termination

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/members"
	"rakudos/internal/testkit/testdb"
)

// world stands around the cases: a gateway and certificates that answer as the test says. What they really do
// is tested where they are, and all together in the test kit.
type world struct {
	*Service
	admin, k1, k2, stranger actor.Actor

	err     error // of the gateway
	held    int
	erased  int // how often the gateway was called
	done    time.Time
	expired bool
	file    string
}

func (w *world) Erase(context.Context, *Case) (Outcome, error) {
	w.erased++
	if w.err != nil {
		return Outcome{}, w.err
	}
	if w.done.IsZero() {
		w.done = time.Now().UTC().Truncate(time.Microsecond)
	}
	return Outcome{Run: "run", Done: true, Held: w.held, Finished: w.done}, nil
}

func (w *world) Of(context.Context, ids.Tenant, string) (first, second string, err error) {
	if w.expired {
		second = "certificate-2"
	}
	return "certificate-1", second, nil
}

func (w *world) Customer(context.Context, ids.Tenant) (name, contract string, err error) {
	return "試験株式会社", "shiken", nil
}

func (w *world) Taken(context.Context, ids.Tenant) (string, error) { return w.file, nil }

// recorder counts what the log is told; the log itself is tested in its own package.
type recorder struct {
	verbs  []string
	events []audit.Entry
}

func (r *recorder) Find(_ context.Context, _ actor.Actor, f audit.Filter) (out []audit.Entry, _ error) {
	for _, e := range slices.Backward(r.events) {
		if e.Verb == f.Verb && (f.Before == 0 || e.Seq < f.Before) && len(out) < f.Limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (r *recorder) Append(tx *db.Tx, e audit.Event) (audit.Ref, error) {
	tx.OnCommit(func() {
		r.verbs = append(r.verbs, e.Verb)
		r.events = append(r.events, audit.Entry{Ref: audit.Ref{Seq: int64(len(r.verbs))}, Verb: e.Verb, Detail: e.Detail})
	})
	if e.Actor.Tenant != ids.System {
		return audit.Ref{}, errors.New("an event of a leaving tenant goes into its own chain, which is lost with its key")
	}
	return audit.Ref{}, nil
}

func (r *recorder) count(verb string) (n int) {
	for _, v := range r.verbs {
		if v == verb {
			n++
		}
	}
	return n
}

func newWorld(t *testing.T, d, keys *db.DB, dir string) (*world, *recorder) {
	t.Helper()
	root, err := vault.FileRoot(dir + "/root.key")
	must(t, err)
	v, err := vault.Open(t.Context(), keys, root)
	must(t, err)
	w, r := &world{}, &recorder{}
	customer, other := ids.New[ids.Tenant](), ids.New[ids.Tenant]()
	w.Service = New(Deps{
		DB: d, Keys: v, Log: r, Eraser: w, Certificates: w, Tenants: w, Handover: w, Second: members.Beside, Logger: slog.New(slog.DiscardHandler),
		Guard: func(a actor.Actor, p string) error {
			if p == permRequest && a.Has(actor.TenantAdmin) || p == permDesk && a.Has(actor.ITSM) {
				return nil
			}
			return fault.New(fault.Denied, "access.denied")
		},
		Reach: func(_ context.Context, a actor.Actor, t ids.Tenant) error {
			if a.Tenant == other || t == other {
				return fault.New(fault.Denied, "access.denied")
			}
			return nil
		},
	})
	human := func(t ids.Tenant, account string, role actor.Role) actor.Actor {
		return actor.Actor{Kind: actor.Human, Tenant: t, Account: ids.Account(account), Roles: []actor.Role{role}}
	}
	w.admin, w.k1, w.k2 = human(customer, "admin", actor.TenantAdmin), human("kyokai", "k1", actor.ITSM), human("kyokai", "k2", actor.ITSM)
	w.stranger = human(other, "x", actor.TenantAdmin)
	return w, r
}

// confirmed brings a case to the point where only the day is awaited.
func (w *world) confirmed(t *testing.T, id string) {
	t.Helper()
	ctx := t.Context()
	w.file = digest
	must(t, w.Receive(ctx, w.admin, false, "", "義務"))
	must(t, w.CallBack(ctx, w.k1, id, "契約書の代表番号へ架電"))
	must(t, w.Confirm(ctx, w.k1, id))
	for side, confirm := range map[*actor.Actor]func(actor.Actor) error{
		&w.k1:    func(a actor.Actor) error { return w.Confirm(ctx, a, id) },
		&w.admin: func(a actor.Actor) error { return w.ConfirmOwn(ctx, a) },
	} { // an account that is not independent of the first confirms on neither side
		sock := *side
		sock.Account = members.Puppet
		if err := confirm(sock); code(err) != "identity.second_behind" {
			t.Errorf("a puppet is the second: %v", err)
		}
	}
	must(t, w.Confirm(ctx, w.k2, id))
}

func (w *world) phase(t *testing.T) Phase {
	t.Helper()
	c, err := w.Mine(t.Context(), w.admin)
	must(t, err)
	return c.Phase()
}

// TestAWholeLife: under a clock of its own, hour by hour from the request to the second certificate a year
// later, with a gateway that fails at first, a hold, and restarts in between.
func TestAWholeLife(t *testing.T) {
	testdb.New(t, db.SQLite) // makes the schema's image outside of the bubble
	synctest.Test(t, func(t *testing.T) {
		e := testdb.New(t, db.SQLite)
		defer func() { _ = e.DB.Close(); _ = e.Keys.Close() }()
		w, log := newWorld(t, e.DB, e.Keys, e.Dir)
		ctx := t.Context()
		c, err := w.Request(ctx, w.admin, jst.MonthEnd(jst.Of(time.Now())))
		must(t, err)
		if err := w.Confirm(ctx, w.k1, c.ID); code(err) != "termination.no_receipt" && code(err) != "termination.cooling" {
			t.Errorf("confirmed at once: %v", err)
		}
		hour := func(hours int) {
			for range hours {
				time.Sleep(time.Hour)
				_ = w.Tick(ctx) // a failure is recorded in the case
			}
		}
		hour(int(Cooling / time.Hour))
		w.confirmed(t, c.ID)
		w.err = fault.New(fault.Busy, "blob.full")
		for jst.Of(time.Now()).Before(c.EraseNotBefore) {
			if w.erased > 0 {
				t.Fatal("erased before the month was over")
			}
			hour(1)
		}
		hour(2)
		if w.phase(t) != Erasing || w.erased == 0 {
			t.Fatalf("phase %s after %d tries", w.phase(t), w.erased)
		}
		if err := w.Cancel(ctx, w.admin, "やめる"); code(err) != "termination.begun" {
			t.Errorf("cancelled in the middle: %v", err)
		}
		for !jst.Of(time.Now()).After(c.EraseBy) {
			hour(1)
		}
		hour(48)
		if n := log.count("termination.overdue"); n < 2 || n > 3 {
			t.Errorf("%d alerts in two days of lateness", n)
		}
		if open, late, _, err := w.Late(ctx); err != nil || open != 1 || late != 1 {
			t.Errorf("%d open, %d late, %v", open, late, err)
		}
		w.err, w.held = nil, 1
		hour(1)
		if w.phase(t) != Held {
			t.Errorf("with a hold: %s", w.phase(t))
		}
		before := log.count("termination.erased")
		hour(24)
		if log.count("termination.erased") != before {
			t.Error("a case that waits for a hold fills the log")
		}
		w.Service = New(w.Deps) // a restart: nothing is kept in memory
		w.held, w.done = 0, time.Time{}
		hour(1)
		if w.phase(t) != Erased {
			t.Errorf("after the release: %s", w.phase(t))
		}
		calls := w.erased
		hour(24 * 300)
		if w.erased != calls || w.phase(t) != Erased {
			t.Errorf("erased again and again: %d", w.erased-calls)
		}
		w.expired = true
		hour(1)
		if w.phase(t) != Closed {
			t.Errorf("when the backups have expired: %s", w.phase(t))
		}
		if open, _, _, err := w.Late(ctx); err != nil || open != 0 {
			t.Errorf("%d open, %v", open, err)
		}
		if _, err := w.Request(ctx, w.admin, jst.Of(time.Now())); err != nil {
			t.Errorf("a new case after the old one is closed: %v", err)
		}
	})
}

// TestCasesOnBothEngines: one open case a customer, two who act at once, the neighbour, the desk's reach.
func TestCasesOnBothEngines(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w, log := newWorld(t, e.DB, e.Keys, e.Dir)
		ctx := t.Context()
		next := jst.Of(time.Now()).AddMonths(1)
		if c, err := w.Mine(ctx, w.admin); c != nil || err != nil {
			t.Errorf("before any request: %+v, %v", c, err)
		}
		c, err := w.Request(ctx, w.admin, next)
		must(t, err)
		if _, err := w.Request(ctx, w.admin, next); code(err) != "termination.open" {
			t.Errorf("two at once: %v", err)
		}
		theirs, err := w.Request(ctx, w.stranger, next)
		must(t, err)
		for what, err := range map[string]error{
			"request": second(w.Request(ctx, w.k1, next)), "mine": second(w.Mine(ctx, w.k1)), "desk": third(w.Desk(ctx, w.admin)),
			"call": w.CallBack(ctx, w.admin, c.ID, "x"), "confirm": w.Confirm(ctx, w.admin, c.ID), "own": w.ConfirmOwn(ctx, w.k1),
			"cancel for": w.CancelFor(ctx, w.admin, c.ID, "x"), "receipt": w.Receive(ctx, w.k1, true, "x", "x"),
		} {
			if !fault.Is(err, fault.Denied) {
				t.Errorf("%s by the wrong people: %v", what, err)
			}
		}
		if all, unread, err := w.Desk(ctx, w.k1); err != nil || unread != 0 || len(all) != 1 || all[0].ID != c.ID || all[0].Name != "試験株式会社" {
			t.Errorf("the desk: %+v, %v", all, err)
		}
		if _, err := w.Case(ctx, w.k1, theirs.ID); code(err) != "termination.missing" {
			t.Errorf("a case out of reach: %v", err)
		}
		if err := w.Receive(ctx, w.admin, false, "", "義務"); code(err) != "termination.no_file" {
			t.Errorf("a receipt without a file: %v", err)
		}
		must(t, w.Receive(ctx, w.admin, true, "控えがある", "義務"))
		must(t, w.CallBack(ctx, w.k1, c.ID, "代表番号"))
		if err := w.Confirm(ctx, w.k1, c.ID); code(err) != "termination.cooling" {
			t.Errorf("confirmed within the cooling-off: %v", err)
		}
		// Two who read the same state do not both win.
		one, err := w.Case(ctx, w.k1, c.ID)
		must(t, err)
		two, err := w.Case(ctx, w.k2, c.ID)
		must(t, err)
		must(t, w.change(ctx, w.k1, one, "termination.cancelled", func(c *Case) error { return c.cancel(by(w.k1, Association), "x") }))
		if err := w.change(ctx, w.k2, two, "termination.confirmed", func(c *Case) error { c.Started = time.Now(); return nil }); code(err) != "termination.moved" {
			t.Errorf("two at once: %v", err)
		}
		if again, err := w.Reference(ctx, c.ID); err != nil || again.Phase() != Cancelled || !again.Started.IsZero() {
			t.Errorf("after both: %+v, %v", again, err)
		}
		if other, err := w.Mine(ctx, w.stranger); err != nil || other.Phase() != Requested || other.ID != theirs.ID {
			t.Errorf("the neighbour's case moved: %+v, %v", other, err)
		}
		if _, err := w.Reference(ctx, "nobody"); code(err) != "termination.missing" {
			t.Errorf("a case that is not there: %v", err)
		}
		if log.count("termination.cancelled") != 1 || log.count("termination.requested") != 2 {
			t.Errorf("the log: %v", log.verbs)
		}
		if _, err := w.Request(ctx, w.admin, next); err != nil {
			t.Errorf("a new request after a cancelled one: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }
