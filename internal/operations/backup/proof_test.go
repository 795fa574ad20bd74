package backup

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

func (w *world) control(id string) control.Control {
	w.t.Helper()
	for _, c := range Controls(w.Service, w.e.Dir+"/tmp") {
		if c.ID == id {
			return c
		}
	}
	w.t.Fatalf("no control %s", id)
	return control.Control{}
}

func broken(e control.Evidence) error {
	if e.OK {
		return nil
	}
	return fmt.Errorf("%v", e.Failed)
}

func TestProofDaily(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		controltest.Proves(t, "BK-DAILY", func(sabotaged bool) error {
			w := newWorld(t, testdb.New(t, e.Engine))
			w.bornOn(time.Now().AddDate(0, 0, -5))
			if _, err := w.control("BK-DAILY").Probe(t.Context()); err == nil {
				ev, _ := w.control("BK-DAILY").Probe(t.Context())
				if ev.OK {
					return errors.New("passes without any backup")
				}
			}
			at := time.Now().AddDate(0, 0, -1)
			if sabotaged {
				w.must(w.flipped(t.Context(), at, Data))
			} else {
				w.must(second(w.Service.run(t.Context(), nightly, at)))
			}
			ev, err := w.control("BK-DAILY").Probe(t.Context())
			var why unknown
			if err != nil && !errors.As(err, &why) {
				return err
			}
			if !sabotaged && why == "" {
				return errors.New("a machine of its own claims the cloud's environment too")
			}
			return broken(ev)
		})
	})
}

func TestProofRetain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		controltest.Proves(t, "BK-RETAIN", func(sabotaged bool) error {
			w := newWorld(t, testdb.New(t, e.Engine))
			if sabotaged {
				w.o.Policy = w.o.Policy.SabotageExpiry()
			}
			now := time.Now()
			for _, back := range []int{380, 366, 200, 30, 3, 2, 1, 0} {
				w.must(second(w.Service.run(t.Context(), nightly, now.AddDate(0, 0, -back))))
			}
			ev, err := w.control("BK-RETAIN").Probe(t.Context())
			if err != nil {
				return err
			}
			return broken(ev)
		})
	})
}

func TestProofDrill(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		controltest.Proves(t, "BK-DRILL", func(sabotaged bool) error {
			w := newWorld(t, testdb.New(t, e.Engine))
			if sabotaged {
				w.spoil = loseRow(t.Context())
			}
			w.run()
			w.must(second(w.Drill(t.Context(), nightly)))
			ev, err := w.control("BK-DRILL").Probe(t.Context())
			if err != nil {
				return err
			}
			return broken(ev)
		})
	})
}

// TestProofDrillOfWAL: a build whose follower leaves out one WAL file, and one whose follower falls silent, without a
// word of it, pass no probe, although a new copy of the cluster heals what comes after and the night's drill succeeds.
func TestProofDrillOfWAL(t *testing.T) {
	for name, spoil := range map[string]func(*river){
		"a file left out": func(r *river) {
			n := 0
			r.skips = func(string) bool { n++; return n == 2 }
		},
		"silent": nil,
	} {
		t.Run(name, func(t *testing.T) {
			controltest.Proves(t, "BK-DRILL", func(sabotaged bool) error {
				r := newRiver(t, "")
				if sabotaged && spoil != nil {
					spoil(r)
				}
				r.flow()
				r.based()
				r.fill(2)
				r.tenant(80)
				r.reaches(r.clock())
				r.stop()
				r.again()
				if sabotaged && spoil == nil {
					r.fallSilent()
				}
				r.must(second(r.Drill(t.Context(), nightly)))
				c := r.control("BK-DRILL")
				ev, err := c.Probe(t.Context())
				if err != nil {
					return err
				}
				if !sabotaged {
					if m, ok, err := r.mutantPoint(t.Context()); err != nil || !ok || m.OK || len(m.Failed) == 0 {
						t.Errorf("the mutant beside the service: %v %+v %v", ok, m, err)
					}
					if m, err := c.Mutant(t.Context()); err != nil || m.OK {
						t.Errorf("the mutant: %+v %v", m, err)
					}
				}
				return broken(ev)
			})
		})
	}
}

// fallSilent is what lies there an hour after a stream that stopped while this process says that it goes on.
func (r *river) fallSilent() {
	r.t.Helper()
	_, st, err := r.reach(r.t.Context())
	r.must(err)
	back := time.Hour
	st.Until = st.Until.Add(-back)
	r.must(r.shelf.putState(r.t.Context(), *st))
	r.standing = Standing{Made: true, Since: time.Now().Add(-2 * back)}
}

func TestMutantsAnswerNo(t *testing.T) {
	w := newWorld(t, testdb.New(t, "sqlite"))
	for _, c := range Controls(w.Service, w.e.Dir+"/tmp") {
		if c.Mutant == nil {
			continue
		}
		start := time.Now()
		ev, err := c.Mutant(t.Context())
		if err != nil || ev.OK || ev.Measured == "" {
			t.Errorf("%s: %+v %v", c.ID, ev, err)
		}
		t.Logf("%s: %v, %s", c.ID, time.Since(start), ev.Measured)
	}
}
