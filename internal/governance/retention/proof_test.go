package retention

import (
	"context"
	"fmt"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

// scene lets the probe act on a bed.
type scene struct {
	b *bed
	w *erasure.Witness
	p ids.Person
}

func (s *scene) Service() *Service { return s.b.Service }

func (s *scene) Canary(ctx context.Context) (c Canary, err error) {
	s.p = s.b.someone(s.b.ours, 20160331, "2015-06-01")
	s.w, err = s.b.gate.Witness(ctx, s.b.ours, s.p)
	return Canary{s.b.ours, s.p, s.b.admin, s.b.desk}, err
}

func (s *scene) Remains(ctx context.Context, _ Canary) (r Remains, err error) {
	r.Readable, r.Rows, err = s.w.Look(ctx)
	r.Certified = len(s.b.certified) > 0
	return r, err
}

// TestProofRetention on both engines: with every protection on it passes, and with each one off it fails.
func TestProofRetention(t *testing.T) {
	for _, off := range []string{SabotageOne, erasure.SabotageKeys, "nothing is listed", "late"} {
		testdb.Each(t, func(t *testing.T, e *testdb.Env) {
			controltest.Proves(t, "ER-RETENTION", func(sabotaged bool) error {
				live := newBed(t, testdb.New(t, e.Engine))
				live.must(live.Night(t.Context()))
				name := erasure.SabotageNone
				if sabotaged {
					name = off
				}
				if name == "late" {
					live.someone(live.ours, 20100331, "2010-01-01") // and no night has looked since
				}
				p := Probing{
					Live: live.Service, Whole: name, Broken: []string{SabotageOne, erasure.SabotageKeys},
					Sandbox: func(_ context.Context, sabotage string) (Scene, func(), error) {
						b := newBed(t, testdb.New(t, e.Engine))
						b.OneIsEnough = sabotage == SabotageOne
						b.gate.Sabotage(sabotage)
						if sabotage == "nothing is listed" {
							_, err := b.gate.Place(t.Context(), machine, erasure.Hold{Tenant: b.ours, Scope: erasure.HoldTenant, Reason: "x", Authority: "x", Reviewer: "x", ReviewBy: today().AddMonths(1)})
							b.must(err)
						}
						return &scene{b: b}, func() {}, nil
					},
				}
				c := Controls(p)[0]
				ev, err := c.Probe(t.Context())
				if err != nil {
					if sabotaged {
						t.Errorf("the mutant could not look: %v", err)
					}
					return err
				}
				if ev.Measured == "" || ev.OK != (len(ev.Failed) == 0) {
					t.Errorf("%+v", ev)
				}
				if !ev.OK {
					return fmt.Errorf("%v", ev.Failed)
				}
				if ev, err := c.Mutant(t.Context()); err != nil || ev.OK {
					t.Errorf("the mutants: %+v %v", ev, err)
				}
				return nil
			})
		})
	}
}

// TestNoNightYet is unknown, never a pass.
func TestNoNightYet(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	if ev, err := Controls(Probing{Live: b.Service})[0].Probe(t.Context()); err == nil {
		t.Errorf("%+v", ev)
	}
}

var tHidden = db.Q("retention_test.hidden", `update tenant set kind = 'probe', closed_at = 1 where tenant_id = $1`)

// TestAHiddenCustomerIsLate: a row that takes a customer out of the night's sight hides nothing from the probe.
func TestAHiddenCustomerIsLate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.Living = func(context.Context) ([]ids.Tenant, error) { return []ids.Tenant{b.ours, b.neighbour}, nil }
		b.someone(b.ours, 20100331, "2010-01-01")
		b.must(e.DB.Tx(t.Context(), b.ours, func(tx *db.Tx) error { _, err := tx.Exec(tHidden, b.ours); return err }))
		b.must(b.Night(t.Context()))
		if l, err := b.Late(t.Context()); err != nil || l.Unlisted == 0 || l.Tenants != 2 {
			t.Errorf("%+v %v", l, err)
		}
	})
}
