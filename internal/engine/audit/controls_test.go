package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

// house stands in for the service that app would start: its person page writes a record, or does not.
type house struct {
	w        *world
	l        *Log
	sabotage string
}

func (h *house) Live(context.Context) (Scene, error) { return h, nil }

func (h *house) Sandbox(_ context.Context, sabotage string) (Scene, func(), error) {
	return &house{h.w, h.l, sabotage}, func() {}, nil
}

func (h *house) Find(ctx context.Context, a actor.Actor, f Filter) ([]Entry, error) {
	return h.l.Find(ctx, a, f)
}

func (h *house) Act(ctx context.Context) (Act, error) {
	a := Act{Tenant: h.w.a, Account: "acc", From: time.Now(), Traces: []Trace{
		{What: "サインイン", Verbs: []string{"auth.signed_in"}}, {What: "閲覧", Verbs: []string{"checkup.view"}, Person: h.w.people[1]},
	}}
	in := h.w.event(h.w.a, 0)
	in.Verb, in.Kind, in.Subjects = "auth.signed_in", "account", nil
	if _, err := h.l.Record(ctx, in); err != nil {
		return a, err
	}
	if h.sabotage == SabotageReads {
		return a, nil
	}
	_, err := h.l.Record(ctx, h.w.event(h.w.a, 1))
	return a, err
}

func byID(t *testing.T, id string, all []control.Control) control.Control {
	t.Helper()
	for _, c := range all {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no control %s", id)
	return control.Control{}
}

func prove(t *testing.T, c control.Control) {
	t.Helper()
	controltest.Proves(t, c.ID, func(sabotaged bool) error {
		run := c.Probe
		if sabotaged {
			run = c.Mutant
		}
		e, err := run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		t.Log(e.Measured, e.Failed)
		if !e.OK {
			return errors.New(strings.Join(e.Failed, ", "))
		}
		return nil
	})
}

func TestAccessLogProof(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		prove(t, byID(t, "LG-ACCESS", Controls(l, &house{w: w, l: l})))
	})
}

func TestIntegrityProof(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 300)
		w.must(l.shipAll(t.Context()))
		waitPublished(t, l)
		w.fill(l, 3)
		prove(t, byID(t, "LG-INTEGRITY", Controls(l, &house{w: w, l: l})))
		if r := w.verify(); !r.OK {
			t.Errorf("the drill leaves traces: %v", r.First)
		}
	})
}

func waitPublished(t *testing.T, l *Log) {
	t.Helper()
	for range 1000 {
		if size, _, err := l.tree.checkpoint(l.key); err == nil && size == l.next {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("no checkpoint")
}

// A log larger than the bound is looked at from its newest part on; the drills are noticed all the same.
func TestIntegrityOfTheNewestPart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		for range 3 {
			w.fill(l, 200)
			w.must(l.shipAll(t.Context()))
		}
		w.fill(l, 1)
		waitPublished(t, l)
		r, missed, err := l.drill(t.Context(), 300, false)
		w.must(err)
		if !r.OK || len(missed) > 0 || r.From != 768 || r.Leaves >= 600 || r.Events >= 600 {
			t.Errorf("%+v, missed %v", r, missed)
		}
		// What lies before the window is bound by the tree: a tile changed there does not give the root.
		a := newAttacker(w)
		a.sql(fmt.Sprintf("update audit_event set commitment = hash where tenant_id = '%s' and seq = 590", w.a))
		if r, _, err := l.drill(t.Context(), 300, false); err != nil || r.OK || r.First.Seq != 590 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// slow is a service whose log takes its time.
type slow struct {
	entries []Entry
	after   time.Time
}

func (s *slow) Act(context.Context) (Act, error) {
	return Act{From: time.Now(), Traces: []Trace{{What: "サインイン", Verbs: []string{"in"}}}}, nil
}

func (s *slow) Find(context.Context, actor.Actor, Filter) ([]Entry, error) {
	if time.Now().Before(s.after) {
		return nil, nil
	}
	return s.entries, nil
}

func TestAccessLogMustTellWithinAMinute(t *testing.T) {
	good := Entry{Verb: "in", Readable: true, At: time.Now(), Kind: "account", Result: "ok", Actor: Who{Account: "a", Addr: "::1", Request: "r"}}
	for name, c := range map[string]struct {
		delay time.Duration
		cut   func(*Entry)
		want  bool
	}{
		"at once":      {0, func(*Entry) {}, true},
		"after 59 s":   {59 * time.Second, func(*Entry) {}, true},
		"after 61 s":   {61 * time.Second, func(*Entry) {}, false},
		"no account":   {0, func(e *Entry) { e.Actor.Account = "" }, false},
		"no time":      {0, func(e *Entry) { e.At = time.Time{} }, false},
		"no kind":      {0, func(e *Entry) { e.Kind = "" }, false},
		"no address":   {0, func(e *Entry) { e.Actor.Addr = "somewhere" }, false},
		"no request":   {0, func(e *Entry) { e.Actor.Request = "" }, false},
		"another verb": {0, func(e *Entry) { e.Verb = "out" }, false},
		"failed":       {0, func(e *Entry) { e.Result = "failed" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := good
				c.cut(&e)
				got, err := follow(t.Context(), &slow{[]Entry{e}, time.Now().Add(c.delay)}, patience)
				if err != nil || got.OK != c.want {
					t.Errorf("OK = %v, %v: %s %v", got.OK, err, got.Measured, got.Failed)
				}
			})
		})
	}
}

func TestAViewMustNameThePersonAndThePurpose(t *testing.T) {
	p := ids.Person("p")
	e := Entry{Verb: "view", At: time.Now(), Kind: "k", Purpose: "follow-up", Result: "ok", Subjects: []ids.Person{p}, Actor: Who{Account: "a", Addr: "192.0.2.7", Request: "r"}}
	if got := incomplete(e, Trace{Person: p}); got != "" {
		t.Error(got)
	}
	noPurpose, other := e, e
	noPurpose.Purpose, other.Subjects = "", []ids.Person{"q"}
	if incomplete(noPurpose, Trace{Person: p}) == "" || incomplete(other, Trace{Person: p}) == "" {
		t.Error("a view without a purpose, or of somebody else, is taken")
	}
}

// TestTenths: a sentence never says that something took no time.
func TestTenths(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0.1", time.Microsecond: "0.1", 100 * time.Millisecond: "0.1", 101 * time.Millisecond: "0.2", 1950 * time.Millisecond: "2.0", 60 * time.Second: "60.0"} {
		if got := tenths(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
