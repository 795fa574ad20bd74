package certificate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

func (b *bed) probing() Probing {
	return Probing{
		Service: b.Service, Desk: ownDesk{b.Service}, Temp: b.t.TempDir(),
		Uncertified: func(context.Context) (int, bool, []string, error) { return 1, true, nil, nil },
		Gone:        func(context.Context, ids.Tenant) (bool, error) { return true, nil },
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

func TestProofs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for id, spoil := range map[string]func(*Service){
			"ER-CERT":    func(s *Service) { s.Unsigned = true },
			"ER-PRESENT": func(s *Service) { s.Unregistered = true },
		} {
			t.Run(id, func(t *testing.T) {
				controltest.Proves(t, id, func(sabotaged bool) error {
					b := newBed(t, testdb.New(t, e.Engine))
					if _, err := controlOf(t, b.probing(), id).Probe(t.Context()); !errors.Is(err, noneYet) {
						return fmt.Errorf("without any certificate: %v", err)
					}
					if sabotaged {
						spoil(b.Service)
					}
					if err := b.settle(t.Context()); err != nil {
						return err
					}
					return broken(controlOf(t, b.probing(), id).Probe(t.Context()))
				})
			})
		}
	})
}

// TestAnErasureWithoutACertificateIsFound even when another one has one, and when there is none at all.
func TestAnErasureWithoutACertificateIsFound(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	p := b.probing()
	p.Uncertified = func(context.Context) (int, bool, []string, error) { return 2, true, []string{"run-7"}, nil }
	for range 2 {
		e, err := controlOf(t, p, "ER-CERT").Probe(t.Context())
		if err != nil || e.OK || len(e.Failed) != 1 {
			t.Errorf("%+v, %v", e, err)
		}
		if err := b.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.Uncertified = func(context.Context) (int, bool, []string, error) { return 0, false, nil, errors.New("gone") }
	if _, err := controlOf(t, p, "ER-CERT").Probe(t.Context()); err == nil {
		t.Error("nobody could look, and it passes")
	}
}

// TestALateSecondStageIsFound on both engines, seven days after the last backup of an erasure is due to be gone and not
// before; and what is not all is not called all.
func TestALateSecondStageIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		p := b.probing()
		p.Uncertified = func(context.Context) (int, bool, []string, error) { return 2000, false, nil, nil }
		end := time.Now().AddDate(0, 0, -300)
		if err := b.settleAt(t.Context(), end); err != nil {
			t.Fatal(err)
		}
		ev, err := controlOf(t, p, "ER-CERT").Probe(t.Context())
		if err != nil || !ev.OK || !strings.Contains(ev.Measured, "新しい2000件") || ev.Facts["waiting"] != 1 {
			t.Errorf("%+v, %v", ev, err)
		}
		due := jst.Of(jst.BackupExpiry(end)).AddDays(lateAfter)
		for day, want := range map[jst.Date]int{due: 0, due.AddDays(1): 1} {
			if _, late, err := b.Overdue(t.Context(), day.Start()); err != nil || len(late) != want {
				t.Errorf("%s: %v late, want %d, %v", day, late, want, err)
			}
		}
		if ev, err := probeForgotten(t.Context(), p); err != nil || ev.OK || !strings.Contains(ev.Failed[0], "第2段階") {
			t.Errorf("%+v, %v", ev, err)
		}
	})
}

// TestMutants: the probes find their own sandboxes out.
func TestMutants(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	for _, c := range Controls(b.probing()) {
		if e, err := c.Mutant(t.Context()); err != nil || e.OK || len(e.Failed) == 0 {
			t.Errorf("%s: %+v, %v", c.ID, e, err)
		}
	}
}
