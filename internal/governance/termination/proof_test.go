package termination

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

func gone() Canary {
	return Canary{At: time.Now(), Subjects: 3, Tried: 7, Backups: 1, KeyGone: true, Closed: true, Certified: true}
}

func (w *world) probing(c Canary) Probing {
	as := func(a actor.Actor) func() (actor.Actor, error) {
		return func() (actor.Actor, error) { return a, nil }
	}
	return Probing{
		Service: w.Service, Customer: as(w.admin), Desk: as(w.k1),
		Canary:  func(context.Context, time.Duration) (Canary, error) { return c, nil },
		Sandbox: func(context.Context) (Canary, error) { c := gone(); c.KeyGone = false; return c, nil },
		Copies: func(context.Context) (Canary, error) {
			c := gone()
			c.Opened, c.Failed, c.Certified = 3, "certificate.unverified", false
			return c, nil
		},
		Package: func(_ context.Context, spoiled bool) (Package, error) {
			k := Package{Files: 3, Records: 5}
			if spoiled {
				k.Spoiled = map[string][]string{"x": {"a"}, "y": {"b"}}
			}
			return k, nil
		},
	}
}

func controlOf(t *testing.T, p Probing, id string) control.Control {
	t.Helper()
	for _, c := range Controls(p) {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no control %s", id)
	return control.Control{}
}

func broken(e control.Evidence, err error) error {
	if err == nil && !e.OK {
		err = fmt.Errorf("%v", e.Failed)
	}
	return err
}

// TestProofOfTheHandover on both engines: without a receipt nobody confirms; where none is asked for, the probe
// finds out. The probe leaves no open case behind.
func TestProofOfTheHandover(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		controltest.Proves(t, "ER-HANDOVER", func(sabotaged bool) error {
			e := testdb.New(t, e.Engine)
			w, _ := newWorld(t, e.DB, e.Keys, e.Dir)
			w.AnyReceipt = sabotaged
			err := broken(controlOf(t, w.probing(gone()), "ER-HANDOVER").Probe(t.Context()))
			if open, _, _, late := w.Late(t.Context()); open != 0 || late != nil {
				t.Errorf("%d cases are left, %v", open, late)
			}
			return err
		})
	})
}

// TestTheMutantOfTheHandover acts beside the real service and changes nothing of it; a case that a kill left
// open does not stop the probe.
func TestTheMutantOfTheHandover(t *testing.T) {
	e := testdb.New(t, testdb.Engines[0])
	w, _ := newWorld(t, e.DB, e.Keys, e.Dir)
	c := controlOf(t, w.probing(gone()), "ER-HANDOVER")
	if ev, err := c.Mutant(t.Context()); err != nil || ev.OK || !strings.Contains(ev.Failed[0], "termination.cooling") {
		t.Errorf("%+v, %v", ev, err)
	}
	for name, k := range map[string]Package{ // one package that is taken for whole, or a whole one that is not, and the mutant survives
		"one is not found": {Spoiled: map[string][]string{"x": {"a"}, "y": nil}}, "none was spoiled": {}, "the whole one is wrong": {Wrong: []string{"c"}, Spoiled: map[string][]string{"x": {"a"}}},
	} {
		p := w.probing(gone())
		p.Package = func(context.Context, bool) (Package, error) { return k, nil }
		if ev, err := controlOf(t, p, "ER-HANDOVER").Mutant(t.Context()); err != nil || !ev.OK {
			t.Errorf("%s: %+v, %v", name, ev, err)
		}
		if ev, err := controlOf(t, p, "ER-HANDOVER").Probe(t.Context()); err != nil || ev.OK != (len(k.Wrong) == 0) {
			t.Errorf("%s: %+v, %v", name, ev, err)
		}
		p.Package = func(context.Context, bool) (Package, error) { return k, errors.New("busy") }
		if _, err := controlOf(t, p, "ER-HANDOVER").Probe(t.Context()); err == nil {
			t.Error("nobody could open the package, and it passes")
		}
	}
	_, err := w.Request(t.Context(), w.admin, jst.Of(time.Now()).AddMonths(24))
	must(t, err)
	if err := broken(c.Probe(t.Context())); err != nil {
		t.Errorf("after a kill: %v", err)
	}
}

// TestProofOfTheTermination: a late case, and everything that can be wrong with a canary's end.
func TestProofOfTheTermination(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		controltest.Proves(t, "ER-TERMINATE", func(sabotaged bool) error {
			e := testdb.New(t, e.Engine)
			w, _ := newWorld(t, e.DB, e.Keys, e.Dir)
			c, err := w.Request(t.Context(), w.admin, jst.Of(time.Now()).AddMonths(24))
			if err != nil {
				return err
			}
			if sabotaged { // its last day has gone by
				err = w.change(t.Context(), w.admin, c, "test", func(c *Case) error { c.EraseBy = month(t, "2020-01"); return nil })
				if err != nil {
					return err
				}
			}
			return broken(controlOf(t, w.probing(gone()), "ER-TERMINATE").Probe(t.Context()))
		})
	})
	e := testdb.New(t, testdb.Engines[0])
	w, _ := newWorld(t, e.DB, e.Keys, e.Dir)
	for name, alter := range map[string]func(*Canary){
		"failed": func(c *Canary) { c.Failed = "vault.open" }, "residual": func(c *Canary) { c.Residual = []string{"x"} }, "opened": func(c *Canary) { c.Opened = 1 },
		"key": func(c *Canary) { c.KeyGone = false }, "open": func(c *Canary) { c.Closed = false }, "certificate": func(c *Canary) { c.Certified = false },
		"old": func(c *Canary) { c.At = time.Now().AddDate(0, 0, -36) },
	} {
		c := gone()
		alter(&c)
		if ev, err := controlOf(t, w.probing(c), "ER-TERMINATE").Probe(t.Context()); err != nil || ev.OK || len(ev.Failed) != 1 {
			t.Errorf("%s: %+v, %v", name, ev, err)
		}
	}
	if ev, err := controlOf(t, w.probing(gone()), "ER-TERMINATE").Mutant(t.Context()); err != nil || ev.OK {
		t.Errorf("the mutant: %+v, %v", ev, err)
	}
	for name, alter := range map[string]func(*Canary){ // a mutant of backups that backups do not find out survives
		"broken off":     func(c *Canary) { c.Failed = "erasure.residual" },
		"nothing opened": func(c *Canary) { c.Opened = 0 }, "found out by something else": func(c *Canary) { c.Opened = 0; c.KeyGone = false },
		"found out by the key too": func(c *Canary) { c.KeyGone = false },
	} {
		p := w.probing(gone())
		p.Copies = func(context.Context) (Canary, error) { c := gone(); c.Opened = 3; alter(&c); return c, nil }
		if ev, err := controlOf(t, p, "ER-TERMINATE").Mutant(t.Context()); err != nil || !ev.OK {
			t.Errorf("%s: %+v, %v", name, ev, err)
		}
	}
	nothing := gone()
	nothing.Tried, nothing.Opened = 0, 0
	var why interface{ Reason() string }
	if ev, err := controlOf(t, w.probing(nothing), "ER-TERMINATE").Probe(t.Context()); ev.OK || !errors.As(err, &why) || why.Reason() == "" {
		t.Errorf("none of no values could be read, and it passes: %+v, %v", ev, err)
	}
	p := w.probing(gone())
	p.Canary = func(context.Context, time.Duration) (Canary, error) { return Canary{}, errors.New("busy") }
	if _, err := controlOf(t, p, "ER-TERMINATE").Probe(t.Context()); err == nil {
		t.Error("nobody could look, and it passes")
	}
}
